/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef DOVEADM_GEOTRIP_CHECK_NOTICES_H
#define DOVEADM_GEOTRIP_CHECK_NOTICES_H

/* The parts of doveadm geotrip check about notices. Each prints one line or
   more. */

#include "doveadm-geotrip.h"

/* Does anybody deliver the notices? */
void geotrip_check_queue(struct geotrip_store *store);
/* Is there a way to send mail? */
void geotrip_check_mailer(struct doveadm_cmd_context *cctx, pool_t pool);
/* Are all templates in order, and is the one that the settings ask for among
   them? */
void geotrip_check_templates(const struct geotrip_notify_config *config);

#endif
