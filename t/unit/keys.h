
/*
 * Copyright (C) the ngx_http_webhook_module developers
 *
 * Keys made for the unit tests, the members of their JWKs without the braces,
 * and signatures by them.
 */


#ifndef _KEYS_H_INCLUDED_
#define _KEYS_H_INCLUDED_


#define KEY_P256                                                             \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"9H6lPCvum8By8uNpCLwVM_hJL8v2z" \
    "7sDWRzEJZVJqDM\",\"y\":\"h00MTPoc889lxWeome4YCZ30jBvUZni0u-1Wj4O-Prs\""

#define KEY_P384                                                             \
    "\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"zTxQmojPbeh5R1BN941VAZajGPQhY" \
    "ebxNEKx_QQDx7dXkgiIPfiIbwVhU9dGzNLS\",\"y\":\"cIt5VYwKOy4jl0g_ZMWmeHfd" \
    "97Quw3_hkXflHOpvJsOT09OOsTo9rEA_yEggC4-i\""

#define KEY_P521                                                             \
    "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AcbiwnjAUQz8Ayh_F1ZHN08Vs4zaD" \
    "oAlN0Lgd58EZWIFqxEkwlqu666Hrn-EN2t0gZui6m9-lj_v2PtPpLw4qJPm\",\"y\":\"" \
    "AJifnErmPlijHIN3k4qsGXLXGXyPvbb7Fyximd6IQYGlkaDOPE0PKDwglQlOqOtp77ke6p" \
    "kGeunJF0555Dj3NdSh\""

#define KEY_RSA                                                              \
    "\"kty\":\"RSA\",\"n\":\"wywRDOy8N2xl7zQuRJxgriWl-uNS_FiyuOsPBkJBlRbMWg" \
    "BrWaeiE-RrUZJUxubB5eK6a0w523YjHrV1MeBAyUxWYC-cGrqCmXHvTsx1DLTZVRlMEsCq" \
    "KvJgNU3w0LRr3G-zw0EKDLD6bXa_Vm0p4cyXyAGA_vkR_l42znn50oTEEOj4cnSuzF53nI" \
    "DyycSPhCJAcjiFpNdh1VN2DzTmUf_iIeLkzfe0tquCm2eMZ8Yoitq4oOF4l3ylW22mpiKl" \
    "uABnh3dHD54aFs9hLOF83ncC8VhPcEuhBEdBMwh1-lNBlrDSwTpZ-1NmquIqeRmKoRZXEv" \
    "a8VCFSJTX6HJw_wQ\",\"e\":\"AQAB\""

#define KEY_ED                                                               \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"L79KsFCJ6b2zRCPL1Kh3hUAPUj" \
    "Ogpt6obNkN4R0g6c0\""

#define KEY_RSA1024                                                          \
    "\"kty\":\"RSA\",\"n\":\"oIugC6_fEblEQp61vWQAm4jEc97o0BnaqJEzQSDYsl_sub" \
    "Rn4UrNtET-JHleRuSGfBYow3S2-E1u6ObJUeLxqLRnt4em1Z72T3m-t7md5ZJ2sbwAaiBp" \
    "wxlAJycV2eLOXYpzH8XZk16qNV-mR7f5brIkM_fJIh2fTPSJeebrjVE\",\"e\":\"AQAB" \
    "\""

#define KEY_RSA8192                                                          \
    "\"kty\":\"RSA\",\"n\":\"_hnWzam66DW6PB49lIUPWs74zKGSlwFnTYS-9XBIFLFE1Sq" \
    "UsOKnObIN6k9my0NJp9sMw34Z2MfFmh6J1bTUAQOYv7H6Yels2mOd5dD1Zsw1mTGgWwYvUB" \
    "2-1TaX68JnEd_eAqEzxmwAgLJonBq3euEbE3uJSW-D6skOwow3g8kq5wBl2ps8dmqulNj54" \
    "A5tfncaUVqrtjd_oSSUU-eFWfw-pf1vymsBYcgV1YpWmfuGKzPU53eGYZ_DOAgx7YRoBlFn" \
    "RTsrZNa7yscHyt4ddIq7QMcyXnBtc8QcPRJVZEllgJcC5u05q8WjwsaFlWff301Hj3Dq4bV" \
    "gd_w7G-eZ9g0HKMUuWNSzBx8Vqb25TUB-SQSQHhY4tWV0oTJRF3tokAr5rv9tAGTYTbWRmX" \
    "LghBfWW5QVQyv_h6kh68lHK7ac_9NX_CcMrBZZSztR5Crw06NtBCEBFCT7qtGeH6AA6W4M8" \
    "7uL4AEqN3Q_Kf7RPWQ52LWjDlud7k_P9MGVChPjsb1welGc61bdMoCE9zLZSBeLkatCcYwd" \
    "dcukOTdSB-mktAg2c3C_ROirqD0KPy-5Wm9WvCiCq776tTsr3gEVCsi8nnoePt5TLZ4FCLO" \
    "Mh9-xC2SP-wH9c6ym1P0LiscaaTL_VebaGdpEUTxRdLeE0JdkV36_pa-3L1-DxZIZuNxO8C" \
    "iYHzt1-vP0vGeS8tjhKmt0jONgyYicdQyq8HRCyjei0EUFsXH4TcLXBOfjL7MHAsgIu0A2T" \
    "S-h6UKMZyOxnhODgqjw-eoWCNZYysAWukYrySRwBaobagkTWip9XlJAP70RGlE4k3VAq_eW" \
    "CanUiGyoiZGt8FTdSDR6B1Re95WjQdR0VM4CcL0kcAOO1ftUQYScpGD2tiKmiNm0UFTjhOk" \
    "m556Vfk7w7Sp5vPLCWnnGqtet6o0SRq4Uq0atHdCGnngvtTR8eJ2eV1FnXLM8n6_fWUhLnP" \
    "vw6ljSqhkLAvq9dfk7mi16HD17SPQb8Mcfv9ghFESWIdIyo2S-XojcGGu4BHaAMWuFFqzRv" \
    "B5BkT_otGMEGrcnHFm7LZMcN4Ios28peqaH9IzsXu6t9AWnFtJkHOhyh6qtU5yWiAfmjy-F" \
    "wthXQ1Rh92lAjtpmpl5ll_cb_VfqQhzvjt-7GPKYQO0xvdWagv_APyHS_X70Jm4uihkNVH1" \
    "aJzZT0Df1IvAP-Hf4hU_mSL5JODcbdvtuuJYDxAJ9kYvAT95Cdy7XHm7WCCybrpNgBqSqb0" \
    "kcBIfwBVsbu2SIuZiavF8iv75Jf5tV-Zg926AKyLMER-bw0AHgVFhThuycdquCHnmoNceja" \
    "WG53DgVrrc65ObUe0aeINTr3gIkOAQEIBqdKi0Q9w\",\"e\":\"AQAB\""

/* the modulus of KEY_RSA */

#define RSA_N                                                                \
    "wywRDOy8N2xl7zQuRJxgriWl-uNS_FiyuOsPBkJBlRbMWgBrWaeiE-RrUZJUxubB5eK6a0" \
    "w523YjHrV1MeBAyUxWYC-cGrqCmXHvTsx1DLTZVRlMEsCqKvJgNU3w0LRr3G-zw0EKDLD6" \
    "bXa_Vm0p4cyXyAGA_vkR_l42znn50oTEEOj4cnSuzF53nIDyycSPhCJAcjiFpNdh1VN2Dz" \
    "TmUf_iIeLkzfe0tquCm2eMZ8Yoitq4oOF4l3ylW22mpiKluABnh3dHD54aFs9hLOF83ncC" \
    "8VhPcEuhBEdBMwh1-lNBlrDSwTpZ-1NmquIqeRmKoRZXEva8VCFSJTX6HJw_wQ"

/* of KEY_P256, and a certificate of it for the year 2023, as JSON has them */

#define PEM_P256                                                             \
    "-----BEGIN PUBLIC KEY-----\\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9H6lP" \
    "Cvum8By8uNpCLwVM/hJL8v2\\nz7sDWRzEJZVJqDOHTQxM+hzzz2XFZ6iZ7hgJnfSMG9Rm" \
    "eLS77VaPg74+uw==\\n-----END PUBLIC KEY-----\\n"

#define CERT_P256                                                            \
    "-----BEGIN CERTIFICATE-----\\nMIIBDzCBtaADAgECAgEBMAoGCCqGSM49BAMCMBEx" \
    "DzANBgNVBAMMBnNlbmRlcjAe\\nFw0yMzAxMDEwMDAwMDBaFw0yNDAxMDEwMDAwMDBaMBE" \
    "xDzANBgNVBAMMBnNlbmRl\\ncjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPR+pTwr7p" \
    "vAcvLjaQi8FTP4SS/L\\n9s+7A1kcxCWVSagzh00MTPoc889lxWeome4YCZ30jBvUZni0u" \
    "+1Wj4O+PrswCgYI\\nKoZIzj0EAwIDSQAwRgIhAPwmuPkPXsmrmvHq+YMDHqqr087QvEve" \
    "bMVKe46eK56v\\nAiEA8Uf6+m+KX4hupMSWMxhxiur9kHlXVhDnWHRrPw+AMF0=\\n----" \
    "-END CERTIFICATE-----\\n"

/* of the text "a message", base64url */

#define SIG_RS256                                                            \
    "X1WeW3jON_Ut7fftSCJVm5iQ0A1C7j1-_kamSA3vXylecsVGrtjsKAmqRVtQprOTEfjBUh" \
    "zSsKw6fKJSeBnOS9Md30j_LrktRsbN4ETlv8sAMBd2GmGOP7L1UyN0hnZHcnvONB13Sgkk" \
    "yteYRVCXBtE0zTcOHthkOi6SFADQs46toNEZWsBM6DDcaeciMiWSSWHCOmjvNtbuY2t0_c" \
    "pbQmaFuY52PnMXewb6fzPvf4JSedmJrIl7XO5PDZ4hZn1Zyw3GFf7-ItBT5Qni9cB2ghVP" \
    "prdvuE1v7PreGdhhWEPB1NzPRLX944Ae-JEsq3m5maoYh63lTinD2YLCEMQrDw"

#define SIG_RS384                                                            \
    "N-aexquy2j26MALLQxSPHti2ryw_TTxFk6bxS2LxpHFiNAAO593kQBivVraAy0VRmdiohN" \
    "zkF7ffWZo05Vdq9tiajP4ZZVHUvv5I1zA5tC06Pxu7zlVXEcyFSuWOWmXa9r0hbM5lqbe5" \
    "4R-Ip0PkNyhlADo_JHQFhVA0TagJ5LD9jgRsmTb1woRkGtD_sGxemIbaxQG3KrlluRCAkH" \
    "RAMK3A4Z0MnCne3ZvhvfXgeW9xybh-ViiYjCQyER82guQQDqEGmq28CosR76DaSl7gfNqM" \
    "sbopid4eVyl_dXX28onpAJhMN4sbV61SuDw8dWd7QIdI5jDzKvB7xm_md7YmoQ"

#define SIG_RS512                                                            \
    "kpINDegB5h2vDfRqtTzxnmjXkgmAMJl4mFoVwlws_DVBiAaqoqGRer7sRq9ipnAfBD-nRT" \
    "ze3V0K8gm96G2wMppYWOzou1rF8e2GbbA9tlBLXn8HfMccSwWy1TSWvS6b0ATJUCuVfpt0" \
    "Yf1PPWqG9RFZk7j5n3Hr8bCOL6JeYW4llxf66HpAjIUVg3vNWGph8oyhKnV2SOEVEM0IEn" \
    "6bFcWp9cjqwqJ60xIM0JEyBCrzlswDYWsJUcRVQUsPOn4NNWkSoK2FKrMxlTOQDd9xFVMX" \
    "HFjUdoC4813afpQf0KuBYQKtYP0my_W5eLhF7XdQPLSJw4dHMwcdDu-vn0CiOw"

/* by KEY_RSA8192 */

#define SIG_RS512_8192                                                       \
    "ViliKjlnn0gT_z4Ec0-9fjUKHC10QFvfDHH9nqTVHBaPOXHOOFeSMhOWZN_dUExpY1_Reds" \
    "0GZdHNMS78Jcq6WXYl0Rioer4WFwQTMSMad5fvQ9kcjfwrzLWCmnU1DkHmaKdxYCOKJsHjA" \
    "-LRDNUCckGmtik_IhiEKTqywDF9CGhPSNS183tOxHYmTnwEGGhnASj_f9TrBwhTsVTo2il5" \
    "-z8sV-Ee8xbQ2YEldk_Pd8QvFnu8ejS7oVnyZbEKs_Ipz0tAHdlJ7SpMcso1L0Sa12sDz7M" \
    "SxjEcaoIPdk4lQ6gQisgncgzEmPCHRzbreTOJWUzYrVRSbH1r6GjS7_Q5rIWAFQgfGvmLO2" \
    "BCLT4l_dkXMtD95XaoUcaQx7-6m2fGnpUi4iUSjVQp0FcwCBdx-gTbTKs_TuyzubqdJE5KR" \
    "Vf4tFDyin7VRq4T7zM6eFGZ09Ot42qvKwimItxU3Olde8JSIXv0VffCNvz29XDWZFh1geVA" \
    "ZP7xRPUiQG3z4M4t8ktJIh271MCkC6kI60TttdPuHBvHATw4_wVJB63OWaJJ6h1dBZ9tQmQ" \
    "Bt0AP9Dx_XES013b1XUWh5eE_wEs67lE_BnHMUWsHweEK5MXWCpMGtdQW0g2lM2blV-iMNs" \
    "cfpErPJWKEaogcCk-u-CqHkEFb8EbU8O5Vy44_3mfuQFWUjI3XglH8nS_h4th2OKhOSPdq3" \
    "29D5aQ56gePxrUBuIdkA6oQPCcahnnpPj19He2A_4ZVodsmD21l8Cvnt_vKPGMKISha80fl" \
    "kr5bCF7B4vl1nTA4S7NdlI3yMgFeVDwdC7F92NXEJgWRJSMuj_en2GQUdz1chckeqVHWPPY" \
    "qWJwJSKDIL70__0Lq9HX4rlQNRykT9RMI-LPZxfi5gEZMn3AFOEa53K-do0grdFtV-uuV_W" \
    "R9hFXyw0s2bhE9aS8U7l13D9xjM4z-Zz8mua0weXpbtZ2ZK-2Abg1KlwaL4BzpkLIh4P2jx" \
    "t-mdcV8j8g5XZZlcNOYBq_Ld6VnUN0svFq5Gtwq06fd6mP8ws0I-b_zgXRaOnWUJ5qx9BnJ" \
    "dCgrKoSyZTsbxc25W__n7AnvX3j2ol-h-bSsFi73nTBczRi2iW4u6uzyOcMfEeXvvDlnmLF" \
    "5xtJWvmuvsvW2fA_AeKiarUNUzJveMsXXBd9orXWiIORYUfq9H-sZPeXEI27oEcwhL63khm" \
    "TWM94n_ei_aKq7WuHslnEXXeGbwH3F8NO3CQkid2ZON48yrhf_lQhix1yDHkBoWJZVK_s77" \
    "HxOSD6mLOYqpEfMFeImDl9R7ZRDmERxqrp4vG76dIKLeUwBvD6tvxRufXxPQNWjXjmW1o8m" \
    "oTzYkqY73KWZOb56Q"

#define SIG_PS256                                                            \
    "S7ZV9OlRh9j3qtSokxM5tAb9aXbiLo-VDk0-nlET5lqvywQxmXgiZUJqipgBhNvX57SLkK" \
    "lPfk9PMRZJXb1WFbFL--acURiUfBESQHI6AuGWsKeVWsxuXS4f6V2ZO3n-53B2GGEhr0px" \
    "yLeIO04RljsZmSS4qnttQXDQ_FHIOIxN_Ze8aQUnxyViRF2G5QE0p-MRcMS8KxifEddiGY" \
    "E1mw_YAUDFxEmbN_TOetaccSf5mVXJcwpCbkZaHpocSf_c5-YOjystyI3bkUq3pNAh8aX5" \
    "ggHZuRgQykbmfNkQz5HU77kbrAW-k9WLw0C-Osr5jBFQlBxDHoTM-r4dlEUffA"

#define SIG_PS384                                                            \
    "jLBn-LrGl-l5rwEN913qzYQFgPhKIgd_oNgEcTKSkOhuEearD7Gq8o909XbNujtvEGD1uj" \
    "fl3XP5fYTOsTQOwNqCovIXJJRtd41zcet1vO3Y4htaNLbx4hlqr4pOWMPCtY6NyEO0DtDc" \
    "uFNeoYpfYwASlVBkIuXpf-vA38JlUtiO-ECqn3UYK5Uaap3YuyA9jO43Bb2i9hldsVtfqY" \
    "WZSedIZgUqZ5irC6pQoY-47KXQCiCp9yVvkUfgrB2Px5jJM_cUC3lc9dAjxfiIstGTgNvQ" \
    "CSEsR4l4f2EllDGNMTYYcqpYZDPZQaBbFa02chtr5U4Z8Acd35TGEbaT_1v0Aw"

#define SIG_PS512                                                            \
    "Cb8aAxvViwwGKjPvU2WmxYSkadSTcWNCxIronZT0CMovox2EvMufNDmmdXLHwz9ztyTqgT" \
    "slWMxGteMHPdPaEQB5ZaeB-XnixZCmwVq9NHw--cevC-6BmfC6zwUOMEvIA1U8C4zm6pXN" \
    "r2VhOPo7l_j6_blNmIK5KJaXdj0OoT-xXc1fe1Vxumvv48ewIggOmGVg_XGDK-w-nX-Gfr" \
    "VNAw0BwU54g03sspJCESUSVMxozdjXrLNEgF0W3xQJQIxMsiYD8NXxPG6wP7XvHi4tWQ_N" \
    "JCf_smCpKNyAzxsPD5Y75gSRr-Jg9Y-4wSBCyW-AcFSq5uGJmN8bHycY4UXxvg"

#define SIG_ES256                                                            \
    "jjeIwpHNwcHoV8ybyBGy5qfPuHh0Z7_pFFPAQsuvLto3zOzqZMAUDdUOBf75tqEWl2sMom" \
    "ebDeXuhOPuZ-FeEA"

#define SIG_ES384                                                            \
    "Mrk-JafwVOVNg840XS80-H_rAd1WDoUw6DIMwWK3XzwDc2TVHa4q5POPHXer4u4aXyev_B" \
    "GEV8JzZTR_9YE2Qkaavt0khUFT8xWOiLRxkPzc2VNKBi2MsNSZT9FGyRdl"

#define SIG_ES512                                                            \
    "ASsVnTjd_BenfmNkF9I_DPyNJSloUIoSMsm-YVaTcOiBLLzmDhvgP-wSw_VZYgxwPaGi8L" \
    "UOquoUlvTVwuuf0wVVAYdCBawv6kBcndJDUBQ_otkVUpEQHVzUlfqHOMAAvs_08hatmvKl" \
    "o4tyJF-671HoUWi7ShFS2V-bHF6olYS1VQE6"

#define SIG_EDDSA                                                            \
    "5GB6H84rjxtDP4hqgCxYTollEb5txnWXgFqhWIwbv7Xm7pPwK5XwwjjAGYpDM9Xwkn3ieW" \
    "JA7SpmJfftN_XcBQ"

/* the same with a salt of 20 bytes */

#define SIG_PS256_20                                                         \
    "SS479VQ_B7G1eCKYudXc9up0nEpQgd1yUo96GnNRioIrZ_Nzl-dbTO3NEJRfCPBihxCueX" \
    "whBmQi3-uF3K3Fl3zt6_eUwUaAo7XGsKh1ip71CQK3HrZ747fXCEGgcQUFZpoA_69tYLHN" \
    "Ny4NbJrxVniES8afJHp4LKtWtE7FvsTzJggscorw82xgTnvEcInMBtIRDwVjk3cQIllD7P" \
    "f8MF-fZM3Nhc-jIZ81lIfpcfYCpzufMnrwC7IVO8eFojTuhSnC3j6trAdK4Z6qQJv8_SAl" \
    "-H_2RF4tKcVI59suEErlIw2j6T0o3_FZCMG8V9lEskO9UFPRKb3kgDz3G1wn-g"

/* RFC 7520, 4.1: key and token */

#define RFC_KEY_RS256                                                        \
    "\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"s" \
    "ig\",\"n\":\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-" \
    "XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2" \
    "lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1F" \
    "ZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L" \
    "_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdr" \
    "NP5zw\",\"e\":\"AQAB\""

#define RFC_TOKEN_RS256                                                      \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS" \
    "J9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXI" \
    "gZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwI" \
    "HlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN" \
    "3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5Nl" \
    "KtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4" \
    "JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eR" \
    "o4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U1" \
    "2podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5" \
    "y18kDquDg"

/* 4.8, the first of its signatures, in compact form */

#define RFC_TOKEN_RS256_4_8                                                  \
    "eyJhbGciOiJSUzI1NiJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ2" \
    "9pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvd" \
    "SBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91" \
    "IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MIsjqtVlOpa71KE-Mss8_Nq2YH4FGhiocsqrgi5" \
    "NvyG53uoimic1tcMdSg-qptrzZc7CG6Svw2Y13TDIqHzTUrL_lR2ZFcryNFiHkSw129EghG" \
    "pwkpxaTn_THJTCglNbADko1MZBCdwzJxwqZc-1RlpO2HibUYyXSwO97BSe0_evZKdjvvKSg" \
    "sIqjytKSeAMbhMBdMma622_BG5t4sdbuCHtFjp9iJmkio47AIwqkZV1aIZsv33uPUqBBCXb" \
    "YoQJwt7mxPftHmNlGoOSMxR_3thmXTCm4US-xiNOyhbm8afKK64jU6_TPtQHiJeQJxz9G3T" \
    "x-083B745_AfYOnlC9w"

/* RFC 7515, A.2 and A.4 */

#define RFC_KEY_RS256_A2                                                     \
    "\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji"  \
    "9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgN"  \
    "MsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5r"  \
    "exMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5Zw"  \
    "Kh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2P"  \
    "AcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\""

#define RFC_TOKEN_RS256_A2                                                   \
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"  \
    "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80"  \
    "EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp"  \
    "5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK"  \
    "5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwus"  \
    "C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98"  \
    "rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

#define RFC_KEY_ES512_A4                                                     \
    "\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AekpBQ8ST8a8VcfVOTNl353vSrDC"  \
    "LLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":"  \
    "\"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0"  \
    "AZMaZmh9ubmf63e3kyMj2\""

#define RFC_TOKEN_ES512_A4                                                   \
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_U"  \
    "xMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD"  \
    "2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_J"  \
    "n"

/* RFC 7520, 4.2 and 4.3 */

#define RFC_KEY_PS384                                                        \
    "\"kty\":\"RSA\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"s" \
    "ig\",\"n\":\"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-" \
    "XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2" \
    "lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1F" \
    "ZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L" \
    "_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdr" \
    "NP5zw\",\"e\":\"AQAB\""

#define RFC_TOKEN_PS384                                                      \
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS" \
    "J9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXI" \
    "gZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwI" \
    "HlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN" \
    "3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBz" \
    "k1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbX" \
    "UvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ" \
    "7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2" \
    "_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8D" \
    "YM-X72Eaw"

#define RFC_KEY_ES512                                                        \
    "\"kty\":\"EC\",\"kid\":\"bilbo.baggins@hobbiton.example\",\"use\":\"si" \
    "g\",\"crv\":\"P-521\",\"x\":\"AHKZLLOsCOzz5cY97ewNUajB957y-C-U88c3v13n" \
    "mGZx6sYl_oJXu9A5RkTKqjqvjyekWF-7ytDyRXYgCF5cj0Kt\",\"y\":\"AdymlHvOiLx" \
    "XkEhayXQnNCvDX4h9htZaCJN34kfmC6pV5OhQHiraVySsUdaQkAgDPrwQrJmbnX9cwlGfP" \
    "-HqHZR1\""

#define RFC_TOKEN_ES512                                                      \
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZS" \
    "J9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXI" \
    "gZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwI" \
    "HlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN" \
    "3ZXB0IG9mZiB0by4.AE_R_YZCChjn4791jSQCrdPZCNYqHXCTZH0-JZGYNlaAjP2kqaluU" \
    "IIUnC9qvbu9Plon7KRTzoNEuT4Va2cmL1eJAQy3mtPBu_u_sDDyYjnAMDxXPn7XrT0lw-k" \
    "vAD890jl8e2puQens_IEKBpHABlsbEPX6sFY8OcGDqoRuBomu9xQ2"


/* RFC 7515, A.3 */

#define RFC_KEY_ES256                                                        \
    "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76" \
    "e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

#define RFC_TOKEN_ES256                                                      \
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogI" \
    "mh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOy" \
    "KAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* RFC 8037, A.4 */

#define RFC_KEY_EDDSA                                                        \
    "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcv" \
    "PapiMlrwIaaPcHURo\""

#define RFC_TOKEN_EDDSA                                                      \
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP" \
    "0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0" \
    "KAg"


#endif /* _KEYS_H_INCLUDED_ */
