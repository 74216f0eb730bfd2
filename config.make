cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/ngx_http_webhook_builtin.h:	\\
	`ls $ngx_addon_dir/providers/*.conf | tr '\n' ' '` \\
	$ngx_addon_dir/tools/embed-providers
	sh $ngx_addon_dir/tools/embed-providers \\
		$ngx_addon_dir/providers/*.conf > \$@

$NGX_OBJS/ngx_http_webhook_page.h:	\\
	$ngx_addon_dir/src/status/status.html \\
	$ngx_addon_dir/src/status/status.css \\
	$ngx_addon_dir/src/status/status.js \\
	$ngx_addon_dir/tools/embed-page
	sh $ngx_addon_dir/tools/embed-page \\
		$ngx_addon_dir/src/status/status.html > \$@

END
