dnl Our own configure checks. Dovecot's flags and directories come from
dnl DC_DOVECOT, in the dovecot.m4 that Dovecot's development files install.

dnl Point DC_DOVECOT at the installed dovecot-config, whatever our --prefix is.
AC_DEFUN([GEOTRIP_FIND_DOVECOT], [
  AS_IF([test -z "$with_dovecot"], [
    for dir in /usr/lib/dovecot /usr/lib64/dovecot /usr/local/lib/dovecot; do
      AS_IF([test -z "$with_dovecot" && test -f "$dir/dovecot-config"],
        [with_dovecot=$dir])
    done
  ])
  AS_IF([test ! -f "$with_dovecot/dovecot-config"], [
    AC_MSG_ERROR([dovecot-config was not found: install Debian's package dovecot-dev, or name its directory with --with-dovecot=DIR])
  ])
])

dnl Which Dovecot is it, and is its plugin interface one that we know?
AC_DEFUN([GEOTRIP_DOVECOT_API], [
  AS_IF([test "$use_install_dirs" = no],
    [moduledir='${libdir}/dovecot/modules'],
    [moduledir=$dovecot_moduledir])
  AC_SUBST([moduledir])

  geotrip_save_CPPFLAGS=$CPPFLAGS
  CPPFLAGS="$CPPFLAGS -DHAVE_CONFIG_H $LIBDOVECOT_INCLUDE"
  AC_MSG_CHECKING([for the version of Dovecot])
  geotrip_dovecot_version=`printf '#include "config.h"\nGEOTRIP PACKAGE_VERSION\n' |
    $CC -E $CPPFLAGS - 2>/dev/null |
    $SED -n 's/^GEOTRIP "\(.*\)".*/\1/p'`
  AC_MSG_RESULT([${geotrip_dovecot_version:-unknown}])

  geotrip_settings_api=unknown
  GEOTRIP_PROBE([settings of Dovecot 2.3], [[
#include "settings-parser.h"
    ]], [[
struct setting_parser_info info = { .type_offset = SIZE_MAX };
(void)info;
    ]], [geotrip_settings_api=2.3])
  GEOTRIP_PROBE([settings of Dovecot 2.4], [[
#include "settings.h"
#include "str-parse.h"
    ]], [[
struct setting_parser_info info = { .name = "", .pool_offset1 = 1 };
struct setting_define define =
  SETTING_DEFINE_STRUCT_STR_NOVARS("a", name, struct setting_parser_info);
const char *error; unsigned int secs;
(void)info; (void)define; (void)str_parse_get_interval("1h", &secs, &error);
    ]], [geotrip_settings_api=2.4])

  geotrip_auth_api=unknown
  GEOTRIP_PROBE([SASL mechanisms of Dovecot up to 2.4.1], [[
#include "auth-common.h"
#include "auth-request.h"
#include "auth-request-handler-private.h"
    ]], [[
struct mechanisms_register *reg = 0;
struct auth_request *request = 0;
auth_request_handler_reply_callback_t **callback =
  &request->handler->reply_callback;
reg->modules->module.auth_initial(request, 0, 0);
(void)callback; (void)request->mech->mech_name;
    ]], [geotrip_auth_api=mech])
  GEOTRIP_PROBE([SASL server of Dovecot 2.4.2 and later], [[
#include "auth-common.h"
#include "auth-request.h"
#include "auth-request-handler-private.h"
#include "sasl-server-private.h"
    ]], [[
struct auth_request *request = 0;
struct sasl_server_request_funcs funcs =
  *auth_default_protocol()->sasl_inst->server->funcs;
auth_request_handler_reply_callback_t **callback =
  &request->handler->reply_callback;
funcs.request_output(&request->sasl.req, 0);
(void)callback;
    ]], [geotrip_auth_api=sasl])
  CPPFLAGS=$geotrip_save_CPPFLAGS

  AS_CASE([$geotrip_settings_api-$geotrip_auth_api],
    [2.3-mech], [GEOTRIP_CPPFLAGS="-DGEOTRIP_DOVECOT_23 -DGEOTRIP_DOVECOT_MECH"],
    [2.4-mech], [GEOTRIP_CPPFLAGS="-DGEOTRIP_DOVECOT_24 -DGEOTRIP_DOVECOT_MECH"],
    [2.4-sasl], [GEOTRIP_CPPFLAGS="-DGEOTRIP_DOVECOT_24 -DGEOTRIP_DOVECOT_SASL"],
    [AC_MSG_ERROR([the plugin interface of this Dovecot (${geotrip_dovecot_version:-version unknown}) is not one that geotrip knows; it knows those of 2.3.19 to 2.3.21 and of 2.4.1 to 2.4.5 (config.log tells what differs)])])
  AC_SUBST([GEOTRIP_CPPFLAGS])
  AM_CONDITIONAL([DOVECOT_24], [test "$geotrip_settings_api" = 2.4])
  AM_CONDITIONAL([DOVECOT_SASL], [test "$geotrip_auth_api" = sasl])
])

dnl GEOTRIP_PROBE(NAME, INCLUDES, BODY, IF IT COMPILES)
AC_DEFUN([GEOTRIP_PROBE], [
  AC_MSG_CHECKING([for the $1])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include "lib.h"]$2], [$3])],
    [AC_MSG_RESULT([yes])
     $4],
    [AC_MSG_RESULT([no])])
])

dnl GEOTRIP_NEED_PACKAGE(VARIABLE, PKG-CONFIG MODULE, DEBIAN PACKAGE)
AC_DEFUN([GEOTRIP_NEED_PACKAGE], [
  PKG_CHECK_MODULES([$1], [$2], [], [
    AC_MSG_ERROR([$2 was not found: install Debian's package $3])
  ])
])

dnl Warnings are for us, not for who builds a release: they never stop a build.
AC_DEFUN([GEOTRIP_WARNINGS], [
  GEOTRIP_CFLAGS="-Wextra -Wshadow -Wundef -Wvla"
  AC_SUBST([GEOTRIP_CFLAGS])
])
