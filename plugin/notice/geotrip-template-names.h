/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_TEMPLATE_NAMES_H
#define GEOTRIP_TEMPLATE_NAMES_H

/* The words of templates: what parts and placeholders are called, and which
   part may have which placeholder. Only for geotrip-template.c. Lists for
   error texts are in the data stack. */

#include "geotrip-template.h"

/* Returns FALSE if there is no part of this name. */
bool geotrip_template_find_part(const char *name,
				enum geotrip_template_part *part_r);
/* All parts: "[suspended], [released] and [brake]", for example. */
const char *geotrip_template_parts(void);

/* Find a placeholder by its name of len bytes. Returns FALSE if there is none
   of this name in the part. */
bool geotrip_template_find_placeholder(enum geotrip_template_part part,
				       const char *name, size_t len,
				       enum geotrip_placeholder *what_r);
/* All placeholders of a part: "count, list and contact", for example. */
const char *geotrip_template_placeholders(enum geotrip_template_part part);

#endif
