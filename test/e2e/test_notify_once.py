"""Each notice is delivered once: by several runs at the same time, and by
runs that are killed."""

import collections
import contextlib
import random
import signal
import subprocess
import threading
import time

from support import paths
from support.notify import HOUR, MINUTE, NotifyCase, counts, now
from support.waiting import wait_until


class Once(NotifyCase):
    def begin(self):
        """A run that goes on by itself."""
        process = subprocess.Popen(
            [paths.tool("doveadm"), "-c", self.dovecot.conf_path, "geotrip",
             "notify"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def several(self, count):
        return [f"{number}.{self.user}" for number in range(count)]

    def deliveries(self):
        """How often each address got a message."""
        return collections.Counter(
            recipient for message in list(self.smtp.messages)
            for recipient in message.recipients)

    def together(self, runs, notices):
        users = self.several(notices)
        self.queue(users)
        processes = [self.begin() for _ in range(runs)]
        sent = 0
        for process in processes:
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, err)
            self.assertNotIn("Error", err)
            sent += counts(out)["sent"]
        self.assertEqual(self.deliveries(), dict.fromkeys(users, 1))
        self.assertEqual(sent, notices)
        self.assertEqual({row.state for row in self.notices()
                          if row.user in users}, {"sent"})

    def test_two_at_a_time(self):
        """Two runs share the work."""
        self.together(2, 200)

    def test_three_at_a_time(self):
        """So do three."""
        self.together(3, 200)

    def _sent_and_claimed(self):
        rows = self.notices()
        return (sum(row.state == "sent" for row in rows),
                sum((row.lease_until or 0) > now() for row in rows))

    def test_claimed(self):
        """What a killed run had in its hands is left alone for ten minutes;
        then it is delivered."""
        users = self.several(20)
        self.queue(users)
        self.smtp.trouble("message", "stall", after=5)
        process = self.begin()
        wait_until(lambda: self._sent_and_claimed() == (5, 1),
                   "five are sent, and one is claimed")
        process.kill()
        process.communicate()
        leases = [row.lease_until for row in self.notices()
                  if row.lease_until is not None and row.state == "queued"]
        for lease in leases:
            self.assertAlmostEqual(lease, now() + 10 * MINUTE,
                                   delta=20 * 10**6)
        self.smtp.troubles.clear()
        self.notify()
        self.assertEqual(len(self.smtp.messages), 20 - len(leases))
        self.later(11 * MINUTE)
        self.notify()
        self.assertEqual(self.deliveries(), dict.fromkeys(users, 1))

    def test_killed(self):
        """Killed fifteen times at random moments: nobody is left out, and
        nobody gets more than those messages twice which the server had taken
        when the run died."""
        seed = random.SystemRandom().randint(0, 1 << 30)
        numbers = random.Random(seed)
        users = self.several(400)
        self.queue(users)
        kills = 0
        for _ in range(15):
            process = self.begin()
            enough = len(self.smtp.messages) + numbers.randint(0, 20)
            wait_until(lambda: len(self.smtp.messages) >= enough
                       or process.poll() is not None, "some are sent")
            time.sleep(numbers.random() * 0.005)
            if process.poll() is None:
                kills += 1
            process.kill()
            process.communicate()
            self.later(11 * MINUTE)
        self.assertGreater(kills, 10)
        for _ in range(3):
            self.dovecot.geotrip("notify", json=False).expect(0)
            self.later(HOUR)
        found = self.deliveries()
        self.assertEqual(set(found), set(users), f"seed {seed}")
        twice = sum(found.values()) - len(users)
        self.assertLessEqual(twice, kills, f"seed {seed}: {found}")
        # The owners' programs see one message.
        ids = {user: {self.parsed(message)["Message-ID"]
                      for message in self.smtp.to(user)}
               for user in users if found[user] > 1}
        for user, seen in ids.items():
            self.assertEqual(len(seen), 1, user)

    def test_terminated(self):
        """SIGTERM and SIGINT end a run in good order: nothing is sent
        twice, and nothing stays claimed."""
        users = self.several(300)
        self.queue(users)
        for stop in (signal.SIGTERM, signal.SIGINT):
            process = self.begin()
            enough = len(self.smtp.messages) + 20
            wait_until(lambda: len(self.smtp.messages) >= enough, "some")
            process.send_signal(stop)
            _, errors = process.communicate(timeout=20)
            self.assertIn("Told to stop", errors)
            self.assertLess(len(self.smtp.messages), enough + 100)
        self.later(11 * MINUTE)
        self.notify()
        found = self.deliveries()
        self.assertEqual(set(found), set(users))
        self.assertLessEqual(sum(found.values()) - len(users), 2)

    def test_locked(self):
        """A database that another process locks for a while."""
        users = self.several(20)
        self.queue(users)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.dovecot.locked())
            process = self.begin()
            begin = time.monotonic()
            wait_until(lambda: process.poll() is not None
                       or time.monotonic() > begin + 0.5, "a moment")
        process.communicate(timeout=30)
        self.notify()
        self.assertEqual(self.deliveries(), dict.fromkeys(users, 1))

    def test_locked_after_the_answer(self):
        """What the server has taken is written down when the database can be
        written again, and not sent twice."""
        self.queue([self.user])
        taken = threading.Event()

        def hold():
            with self.dovecot.locked():
                taken.set()
                # longer than doveadm waits for a lock
                time.sleep(12)

        def new_message(message, original=self.smtp.new_message):
            holder.start()
            taken.wait()
            original(message)

        holder = threading.Thread(target=hold)
        self.smtp.new_message = new_message
        self.addCleanup(delattr, self.smtp, "new_message")
        self.assertEqual(self.notify(timeout=60)["sent"], 1)
        holder.join()
        self.later(11 * MINUTE)
        self.notify()
        self.assertEqual(self.deliveries(), {self.user: 1})

    def test_released_meanwhile(self):
        """An operator who releases while notify runs does not wait."""
        users = self.several(20)
        self.queue(users)
        self.smtp.trouble("message", "stall", after=5)
        process = self.begin()
        wait_until(lambda: len(self.smtp.messages) == 5, "five are sent")
        begin = time.monotonic()
        self.unsuspend("19." + self.user)
        self.assertLess(time.monotonic() - begin, 3)
        process.kill()
        self.smtp.troubles.clear()
        self.later(11 * MINUTE)
        self.notify()
        self.assertEqual(self.smtp.to("19." + self.user), [])
        self.assertEqual(len(self.deliveries()), 19)
