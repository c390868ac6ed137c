/* Copyright (c) 2026 geotrip authors, see the included COPYING file */

/* Remembers which errors were logged recently, and how often they were
   suppressed. */

#include "lib.h"
#include "ioloop.h"
#include "geotrip-alarm.h"

#define ALARM_INTERVAL_SECS 60
/* With more different errors than this at a time, they are logged more
   often. */
#define ALARM_MAX_CAUSES 16

struct geotrip_cause {
	char *error;
	time_t logged;
	unsigned int held_back;
};

struct geotrip_alarm {
	struct event *event;
	struct geotrip_cause causes[ALARM_MAX_CAUSES];
};

struct geotrip_alarm *geotrip_alarm_init(struct event *event)
{
	struct geotrip_alarm *alarm = i_new(struct geotrip_alarm, 1);

	alarm->event = event;
	event_ref(event);
	return alarm;
}

void geotrip_alarm_deinit(struct geotrip_alarm **_alarm)
{
	struct geotrip_alarm *alarm = *_alarm;
	unsigned int i;

	if (alarm == NULL)
		return;
	*_alarm = NULL;
	for (i = 0; i < ALARM_MAX_CAUSES; i++)
		i_free(alarm->causes[i].error);
	event_unref(&alarm->event);
	i_free(alarm);
}

/* The cause with this text, or else the least recently logged one. */
static struct geotrip_cause *
alarm_find(struct geotrip_alarm *alarm, const char *error)
{
	struct geotrip_cause *oldest = &alarm->causes[0];
	unsigned int i;

	for (i = 0; i < ALARM_MAX_CAUSES; i++) {
		struct geotrip_cause *cause = &alarm->causes[i];

		if (null_strcmp(cause->error, error) == 0)
			return cause;
		if (cause->logged < oldest->logged)
			oldest = cause;
	}
	i_free(oldest->error);
	i_zero(oldest);
	oldest->error = i_strdup(error);
	return oldest;
}

void geotrip_alarm_raise(struct geotrip_alarm *alarm, const char *error)
{
	struct geotrip_cause *cause = alarm_find(alarm, error);

	if (cause->logged != 0 && cause->logged <= ioloop_time &&
	    ioloop_time - cause->logged < ALARM_INTERVAL_SECS) {
		cause->held_back++;
		return;
	}
	if (cause->held_back == 0)
		e_error(alarm->event, "%s", error);
	else {
		e_error(alarm->event, "%s (and %u times since the last time "
			"that this was logged)", error, cause->held_back);
	}
	cause->logged = ioloop_time;
	cause->held_back = 0;
}
