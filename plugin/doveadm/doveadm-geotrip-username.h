/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_USERNAME_H
#define DOVEADM_GEOTRIP_USERNAME_H

/* What Dovecot's auth_username_format does to a name. One implementation for
   each version of Dovecot's %variables: doveadm-geotrip-username-2.3.c and
   -2.4.c. */

/* Do names that differ only in case still differ? Returns 1, 0, or -1 with an
   error if this cannot be determined. */
int geotrip_username_keeps_case(const char *format, const char **error_r);

/* A format that makes names lower case: the default of this version. */
extern const char geotrip_username_lower_case[];

#endif
