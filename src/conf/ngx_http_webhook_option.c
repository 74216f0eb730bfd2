
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Tables of words: keywords, options, and what is said of a word that is not
 * in one.  The rows of every table, and what has a name, begin with it.
 */


#include "ngx_http_webhook_conf.h"
#include "core/wh_list.h"


#define NGX_HTTP_WEBHOOK_NEAREST_LEN  63


static u_char *ngx_http_webhook_rule_or_directive(ngx_conf_t *cf);
static ngx_uint_t ngx_http_webhook_option_repeated(ngx_str_t *words,
    ngx_uint_t n);
static ngx_uint_t ngx_http_webhook_option_is(ngx_http_webhook_option_t *option,
    ngx_str_t *word, ngx_str_t *value);
static ngx_str_t ngx_http_webhook_option_key(ngx_str_t *word);
static char *ngx_http_webhook_option_unknown(ngx_conf_t *cf,
    ngx_http_webhook_option_t *options, ngx_str_t *word);
static ngx_uint_t ngx_http_webhook_distance(ngx_str_t *one, ngx_str_t *two);


/* NGX_CONF_ERROR, having said what is wrong with what is read. */

char *
ngx_http_webhook_error(ngx_conf_t *cf, const char *fmt, ...)
{
    u_char   *last, text[NGX_MAX_CONF_ERRSTR];
    va_list   args;

    va_start(args, fmt);
    last = ngx_vslprintf(text, text + NGX_MAX_CONF_ERRSTR, fmt, args);
    va_end(args);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%*s", (size_t) (last - text),
                       text);

    return NGX_CONF_ERROR;
}


/* Which one that is: 'rule "body"', or '"webhook_ack"'. */

static u_char *
ngx_http_webhook_rule_or_directive(ngx_conf_t *cf)
{
    u_char     *text;
    ngx_str_t  *name;

    name = cf->args->elts;

    text = ngx_pnalloc(cf->temp_pool, name->len + sizeof("rule \"\""));
    if (text == NULL) {
        return (u_char *) "";
    }

    ngx_sprintf(text, "%s\"%V\"%Z",
                ngx_strncmp(name->data, "webhook", 7) == 0 ? "" : "rule ",
                name);

    return text;
}


/* The names of the first rows in one text; all of them if max is 0. */

void
ngx_http_webhook_names(void *rows, size_t size, ngx_uint_t max, u_char *buf,
    ngx_str_t *names)
{
    u_char     *p, *last;
    ngx_str_t  *name;

    name = rows;
    p = buf;
    last = buf + NGX_HTTP_WEBHOOK_NAMES_SIZE;

    do {
        p = ngx_slprintf(p, last, "%s%V", p == buf ? "" : ", ", name);
        name = (ngx_str_t *) ((u_char *) name + size);

    } while (name->len && --max);

    names->data = buf;
    names->len = p - buf;
}


/*
 * The row for a word like "raw", or "form:NAME" with a name, of the first ones
 * or all.  NULL if there is none; what it was to be is said.
 */

void *
ngx_http_webhook_row(ngx_conf_t *cf, void *rows, size_t size, ngx_uint_t max,
    char *what, ngx_str_t *word, ngx_str_t *rest)
{
    u_char      *colon, buf[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    size_t       len;
    ngx_str_t   *name, names;
    ngx_uint_t   left;

    name = rows;
    left = max;

    do {
        colon = ngx_strlchr(name->data, name->data + name->len, ':');
        len = colon ? (size_t) (colon + 1 - name->data) : name->len;

        if (word->len >= len
            && ngx_strncmp(word->data, name->data, len) == 0
            && (colon != NULL) == (word->len > len))
        {
            rest->data = word->data + len;
            rest->len = word->len - len;

            return name;
        }

        name = (ngx_str_t *) ((u_char *) name + size);

    } while (name->len && --left);

    ngx_http_webhook_names(rows, size, max, buf, &names);

    (void) ngx_http_webhook_error(cf, "%s \"%V\", it can be %V", what, word,
                                  &names);
    return NULL;
}


/* The words of a list with commas; NULL without memory. */

ngx_str_t *
ngx_http_webhook_list_words(ngx_conf_t *cf, ngx_str_t *text,
    ngx_uint_t *n)
{
    u_char      *p;
    wh_str_t     rest, word;
    ngx_str_t   *words;

    *n = 1;

    for (p = text->data; p < text->data + text->len; p++) {
        *n += (*p == ',');
    }

    words = ngx_palloc(cf->pool, *n * sizeof(ngx_str_t));
    if (words == NULL) {
        return NULL;
    }

    rest = ngx_http_webhook_wh_str(text);
    *n = 0;

    while (wh_list_next(&rest, ',', &word)) {
        words[(*n)++] = ngx_http_webhook_ngx_str(word);
    }

    return words;
}


/* What has the name, of a list of pointers to things that have one; or NULL. */

void *
ngx_http_webhook_named(ngx_array_t *list, ngx_str_t *name)
{
    ngx_str_t   **names;
    ngx_uint_t    i;

    names = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (ngx_http_webhook_str_equal(names[i], name)) {
            return names[i];
        }
    }

    return NULL;
}


/* The value of a keyword; what it is for is said if it is none. */

char *
ngx_http_webhook_keyword_word(ngx_conf_t *cf,
    ngx_http_webhook_keyword_t *keywords, ngx_str_t *what, ngx_str_t *word,
    ngx_uint_t *value)
{
    u_char                       buf[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    u_char                       hint[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    ngx_str_t                    names;
    ngx_uint_t                   numbers;
    ngx_http_webhook_keyword_t  *keyword;
    ngx_http_webhook_nearest_t   nearest;

    numbers = 0;
    ngx_http_webhook_nearest_init(&nearest, word);

    for (keyword = keywords; keyword->name.len; keyword++) {

        if (ngx_http_webhook_str_equal(&keyword->name, word)) {
            *value = keyword->value;
            return NGX_CONF_OK;
        }

        /* of algorithms and statuses the nearest is no correction */

        numbers |= (strpbrk((char *) keyword->name.data, "0123456789")
                    != NULL);

        ngx_http_webhook_nearest_add(&nearest, &keyword->name);
    }

    ngx_http_webhook_names(ngx_http_webhook_rows(keywords), 0, buf, &names);

    return ngx_http_webhook_error(cf,
                       "unknown %V \"%V\"%s in %s, it can be %V", what, word,
                       numbers ? (u_char *) ""
                               : ngx_http_webhook_nearest_hint(&nearest, hint),
                       ngx_http_webhook_rule_or_directive(cf), &names);
}


/* Several keywords whose values are bits, each of them once. */

char *
ngx_http_webhook_keyword_bits(ngx_conf_t *cf,
    ngx_http_webhook_keyword_t *keywords, ngx_str_t *what, ngx_str_t *words,
    ngx_uint_t n, ngx_uint_t *bits)
{
    ngx_uint_t  i, bit;

    for (i = 0; i < n; i++) {

        if (ngx_http_webhook_keyword_word(cf, keywords, what, &words[i], &bit)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (*bits & bit) {
            return ngx_http_webhook_error(cf, "\"%V\" is twice in %s",
                                       &words[i],
                                       ngx_http_webhook_rule_or_directive(cf));
        }

        *bits |= bit;
    }

    return NGX_CONF_OK;
}


/*
 * Reads the options of a rule or a directive into conf.  Those that are given
 * come back as bits, in the order of the table, if somebody wants that.
 */

char *
ngx_http_webhook_options(ngx_conf_t *cf, ngx_http_webhook_option_t *options,
    ngx_str_t *words, ngx_uint_t n, void *conf, ngx_uint_t *given)
{
    ngx_str_t                   value;
    ngx_uint_t                  i, bit, all;
    ngx_http_webhook_option_t  *option;

    all = 0;

    for (i = 0; i < n; i++) {

        for (option = options; option->name.len; option++) {
            if (ngx_http_webhook_option_is(option, &words[i], &value)) {
                break;
            }
        }

        if (option->name.len == 0) {

            if (ngx_http_webhook_is_directive(cf, &words[i])) {
                return ngx_http_webhook_no_semicolon(cf, &words[i]);
            }

            return option->handler
                   ? option->handler(cf, options, &words[i], conf)
                   : ngx_http_webhook_option_unknown(cf, options, &words[i]);
        }

        bit = (ngx_uint_t) 1 << (option - options);

        if ((all & bit)
            && (!option->repeatable
                || ngx_http_webhook_option_repeated(words, i)))
        {
            return ngx_http_webhook_error(cf,
                               "option \"%V\" of %s is the second of its "
                               "name%s", &words[i],
                               ngx_http_webhook_rule_or_directive(cf),
                               option->repeatable ? " and value" : "");
        }

        all |= bit;

        /* a word that is all of an option is known to be there, no more */

        if (option->handler == NULL) {
            continue;
        }

        if (value.len == 0) {
            return ngx_http_webhook_error(cf,
                               "option \"%V\" of %s has no value, one with "
                               "\";\" goes in quotes, like \"%V;\"", &words[i],
                               ngx_http_webhook_rule_or_directive(cf),
                               &words[i]);
        }

        if (option->handler(cf, option, &value, (u_char *) conf
                                                + option->offset)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    if (given) {
        *given = all;
    }

    return NGX_CONF_OK;
}


/* Whether the words before have the same one: two values are alternatives. */

static ngx_uint_t
ngx_http_webhook_option_repeated(ngx_str_t *words, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (ngx_http_webhook_str_equal(&words[i], &words[n])) {
            return 1;
        }
    }

    return 0;
}


/* Whether a word is the option, and what follows its "=". */

static ngx_uint_t
ngx_http_webhook_option_is(ngx_http_webhook_option_t *option, ngx_str_t *word,
    ngx_str_t *value)
{
    ngx_str_t  key;

    key = ngx_http_webhook_option_key(&option->name);

    if (word->len < key.len
        || ngx_strncmp(word->data, key.data, key.len) != 0)
    {
        return 0;
    }

    value->data = word->data + key.len;
    value->len = word->len - key.len;

    return option->handler != NULL || value->len == 0;
}


/* "prefix=" of "prefix=TEXT" */

static ngx_str_t
ngx_http_webhook_option_key(ngx_str_t *word)
{
    u_char     *p;
    ngx_str_t   key;

    key = *word;

    p = ngx_strlchr(key.data, key.data + key.len, '=');
    if (p) {
        key.len = p + 1 - key.data;
    }

    return key;
}


static char *
ngx_http_webhook_option_unknown(ngx_conf_t *cf,
    ngx_http_webhook_option_t *options, ngx_str_t *word)
{
    u_char                      buf[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    u_char                      hint[NGX_HTTP_WEBHOOK_NAMES_SIZE];
    ngx_str_t                   names, key;
    ngx_http_webhook_nearest_t  nearest;
    ngx_http_webhook_option_t  *option;

    key = ngx_http_webhook_option_key(word);

    ngx_http_webhook_nearest_init(&nearest, &key);

    for (option = options; option->name.len; option++) {
        key = ngx_http_webhook_option_key(&option->name);
        ngx_http_webhook_nearest_add(&nearest, &key);
    }

    ngx_http_webhook_names(ngx_http_webhook_rows(options), 0, buf, &names);

    return ngx_http_webhook_error(cf,
                       "unknown option \"%V\"%s of %s, it takes %V", word,
                       ngx_http_webhook_nearest_hint(&nearest, hint),
                       ngx_http_webhook_rule_or_directive(cf), &names);
}


/* Refuses an option that goes with none of the kinds. */

char *
ngx_http_webhook_options_check(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_uint_t given, ngx_uint_t kind,
    char *beside)
{
    ngx_str_t  key;

    for ( /* void */ ; given; option++, given >>= 1) {

        if (!(given & 1) || option->kinds == 0 || (option->kinds & kind)) {
            continue;
        }

        key = ngx_http_webhook_option_key(&option->name);

        return ngx_http_webhook_error(cf,
                           "option \"%V\" of %s has no effect %s", &key,
                           ngx_http_webhook_rule_or_directive(cf), beside);
    }

    return NGX_CONF_OK;
}


char *
ngx_http_webhook_option_keyword(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_str_t  what;

    what = ngx_http_webhook_option_key(&option->name);
    what.len--;

    return ngx_http_webhook_keyword_word(cf, option->keywords, &what, value,
                                         field);
}


/* Several of the keywords, with commas; "NAME,..." is in the option's name. */

char *
ngx_http_webhook_option_bits(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    ngx_str_t   *words, what;
    ngx_uint_t   n;

    words = ngx_http_webhook_list_words(cf, value, &n);
    if (words == NULL) {
        return NGX_CONF_ERROR;
    }

    what = ngx_http_webhook_option_key(&option->name);
    what.len--;

    return ngx_http_webhook_keyword_bits(cf, option->keywords, &what, words, n,
                                         field);
}


char *
ngx_http_webhook_option_text(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    *(ngx_str_t *) field = *value;

    return ngx_http_webhook_text(cf, value);
}


char *
ngx_http_webhook_option_template(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    *(ngx_str_t *) field = *value;

    return NGX_CONF_OK;
}


char *
ngx_http_webhook_option_time(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    time_t  *time = field;

    *time = ngx_parse_time(value, 1);

    if (*time == (time_t) NGX_ERROR) {
        return ngx_http_webhook_error(cf,
                           "invalid time \"%V\", it is like 30s, 5m or 1h",
                           value);
    }

    return NGX_CONF_OK;
}


/* A time to keep something, which cannot be none. */

char *
ngx_http_webhook_option_period(ngx_conf_t *cf,
    ngx_http_webhook_option_t *option, ngx_str_t *value, void *field)
{
    time_t  *time = field;

    if (ngx_http_webhook_option_time(cf, option, value, field)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (*time == 0) {
        return ngx_http_webhook_error(cf,
                           "invalid time \"%V\", it cannot be 0", value);
    }

    return NGX_CONF_OK;
}


/* What is taken as it is written must not look as if it had a variable. */

char *
ngx_http_webhook_text(ngx_conf_t *cf, ngx_str_t *text)
{
    if (ngx_strlchr(text->data, text->data + text->len, '$') == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_http_webhook_error(cf,
                       "\"$\" in \"%V\" of %s, there can be no variable", text,
                       ngx_http_webhook_rule_or_directive(cf));
}


ngx_uint_t
ngx_http_webhook_is_directive(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t      i;
    ngx_command_t  *cmd;

    for (i = 0; cf->cycle->modules[i]; i++) {

        cmd = cf->cycle->modules[i]->commands;

        for ( /* void */ ; cmd && cmd->name.len; cmd++) {
            if (ngx_http_webhook_str_equal(&cmd->name, name)) {
                return 1;
            }
        }
    }

    return 0;
}


/* What is among the words of a rule or a directive begins the next one. */

char *
ngx_http_webhook_no_semicolon(ngx_conf_t *cf, ngx_str_t *word)
{
    return ngx_http_webhook_error(cf,
                       "\"%V\" is among the words of %s, there is no \";\" "
                       "before it", word,
                       ngx_http_webhook_rule_or_directive(cf));
}


/* Of the names that are added, the nearest to a word are kept. */

void
ngx_http_webhook_nearest_init(ngx_http_webhook_nearest_t *nearest,
    ngx_str_t *word)
{
    nearest->word = *word;
    nearest->n = 0;
}


void
ngx_http_webhook_nearest_add(ngx_http_webhook_nearest_t *nearest,
    ngx_str_t *name)
{
    ngx_uint_t  i, distance;

    distance = ngx_http_webhook_distance(&nearest->word, name);

    if (nearest->word.len == 0
        || distance > 3
        || distance * 3 > ngx_max(nearest->word.len, 3))
    {
        return;
    }

    if (nearest->n < NGX_HTTP_WEBHOOK_NEAREST) {
        nearest->n++;

    } else if (nearest->distances[nearest->n - 1] <= distance) {
        return;
    }

    for (i = nearest->n - 1; i && nearest->distances[i - 1] > distance; i--) {
        nearest->distances[i] = nearest->distances[i - 1];
        nearest->names[i] = nearest->names[i - 1];
    }

    nearest->distances[i] = distance;
    nearest->names[i] = *name;
}


/* A question about the nearest names, or an empty text. */

u_char *
ngx_http_webhook_nearest_hint(ngx_http_webhook_nearest_t *nearest, u_char *buf)
{
    u_char      *p, *last;
    ngx_uint_t   i;

    p = buf;
    last = buf + NGX_HTTP_WEBHOOK_NAMES_SIZE - 1;

    for (i = 0; i < nearest->n; i++) {

        /* only the case was wrong */

        if (i && nearest->distances[0] == 0) {
            break;
        }

        p = ngx_slprintf(p, last, "%s\"%V\"",
                         i == 0 ? " (did you mean " : " or ",
                         &nearest->names[i]);
    }

    if (i) {
        p = ngx_slprintf(p, last, "?)");
    }

    *p = '\0';

    return buf;
}


/* How many letters have to be changed, whatever their case. */

static ngx_uint_t
ngx_http_webhook_distance(ngx_str_t *one, ngx_str_t *two)
{
    ngx_uint_t  i, k, left, corner, row[NGX_HTTP_WEBHOOK_NEAREST_LEN + 1];

    if (one->len > NGX_HTTP_WEBHOOK_NEAREST_LEN
        || two->len > NGX_HTTP_WEBHOOK_NEAREST_LEN)
    {
        return NGX_HTTP_WEBHOOK_NEAREST_LEN;
    }

    /* the beginning of a longer name is as good as one letter */

    if (one->len > 2
        && one->len < two->len
        && ngx_strncasecmp(one->data, two->data, one->len) == 0)
    {
        return 1;
    }

    for (k = 0; k <= two->len; k++) {
        row[k] = k;
    }

    for (i = 0; i < one->len; i++) {

        corner = row[0];
        row[0] = i + 1;

        for (k = 0; k < two->len; k++) {

            left = ngx_min(row[k], row[k + 1]) + 1;

            if (ngx_tolower(one->data[i]) != ngx_tolower(two->data[k])) {
                corner++;
            }

            left = ngx_min(left, corner);

            corner = row[k + 1];
            row[k + 1] = left;
        }
    }

    return row[two->len];
}
