/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

#ifndef GEOTRIP_ALARM_H
#define GEOTRIP_ALARM_H

/* Errors for the operator: each one is logged at most once a minute, however
   often it occurs, so that a broken disk does not flood the log as well. */

struct geotrip_alarm;

/* Errors are logged through the event, which is referenced. */
struct geotrip_alarm *geotrip_alarm_init(struct event *event);
void geotrip_alarm_deinit(struct geotrip_alarm **alarm);

/* Log the error, unless the same text was logged within the last minute. */
void geotrip_alarm_raise(struct geotrip_alarm *alarm, const char *error);

#endif
