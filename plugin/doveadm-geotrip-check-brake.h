/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_CHECK_BRAKE_H
#define DOVEADM_GEOTRIP_CHECK_BRAKE_H

/* doveadm geotrip check: are accounts that trip suspended? */

struct geotrip_config;
struct geotrip_store;

/* One line for each brake that holds, or one that none does. */
void geotrip_check_brake(struct geotrip_store *store,
			 const struct geotrip_config *config);

#endif
