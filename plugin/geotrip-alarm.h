/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_ALARM_H
#define GEOTRIP_ALARM_H

/* Errors for the operator: each one once a minute, however often it occurs,
   so that a broken disk does not fill the log as well. */

struct geotrip_alarm;

/* event is what errors are logged through; a reference is kept. */
struct geotrip_alarm *geotrip_alarm_init(struct event *event);
void geotrip_alarm_deinit(struct geotrip_alarm **alarm);

/* Log the error, unless the same text was logged within the last minute. */
void geotrip_alarm_raise(struct geotrip_alarm *alarm, const char *error);

#endif
