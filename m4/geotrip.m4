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
  geotrip_dovecot_version=`printf '#include "config.h"\nGEOTRIP DOVECOT_ABI_VERSION\n' |
    $CC -E $CPPFLAGS - 2>/dev/null |
    $SED -n 's/^GEOTRIP ".*(\(.*\))".*/\1/p'`
  AC_MSG_RESULT([${geotrip_dovecot_version:-unknown}])

  AC_MSG_CHECKING([for the plugin interface of Dovecot 2.3])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[
#include "lib.h"
#include "settings-parser.h"
#include "auth-common.h"
#include "auth.h"
#include "mech.h"
#include "auth-request-handler-private.h"
    ]], [[
struct setting_parser_info info = { .type_offset = SIZE_MAX };
struct mech_module_list *list = auth_default_service()->reg->modules;
auth_request_handler_reply_callback_t *callback =
  ((struct auth_request_handler *)0)->reply_callback;
(void)info; (void)list; (void)callback;
(void)((struct auth_request *)0)->fields.service;
    ]])],
    [geotrip_api=2.3],
    [geotrip_api=unknown])
  AC_MSG_RESULT([$geotrip_api])
  CPPFLAGS=$geotrip_save_CPPFLAGS

  AS_IF([test "$geotrip_api" = unknown], [
    AC_MSG_ERROR([the plugin interface of this Dovecot (${geotrip_dovecot_version:-version unknown}) is not one that geotrip knows; it knows 2.3.19 to 2.3.21 (see config.log)])
  ])
  GEOTRIP_CPPFLAGS="-DGEOTRIP_DOVECOT_23"
  AC_SUBST([GEOTRIP_CPPFLAGS])
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
