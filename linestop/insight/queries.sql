-- The named queries of `linestop insight`. Each has a name, a purpose and, where it belongs to the overview, `lead`.
-- Tables (linestop/insight/schema.sql): runs, events, tickets, incidents, findings.

-- name: tickets-by-outcome
-- purpose: How many tickets there are in each state, and how many attempts they took.
-- lead
SELECT state, count(*) AS tickets, sum(attempts) AS attempts, count(commit_id) AS delivered
FROM tickets
GROUP BY state
ORDER BY tickets DESC, state;

-- name: time-by-step
-- purpose: Where the time goes: how often each step ran, and how long it took.
-- lead
SELECT runs.kind, events.step, count(*) AS times, round(sum(events.seconds), 2) AS seconds,
       round(median(events.seconds), 3) AS median_seconds, round(max(events.seconds), 2) AS longest_seconds
FROM events JOIN runs USING (run_id)
WHERE events.seconds IS NOT NULL
GROUP BY runs.kind, events.step
ORDER BY seconds DESC, events.step;

-- name: frequent-failures
-- purpose: What failed most often: steps by outcome and first line, and whole runs that broke outside of a step.
-- lead
WITH failed_steps AS (
    SELECT step, outcome, run_id, moment, text FROM events WHERE outcome IN ('error', 'timeout', 'denied')
), failures AS (
    FROM failed_steps
    UNION ALL
    SELECT kind || ' (run)', outcome, run_id, coalesce(ended, started), summary
    FROM runs
    WHERE outcome IN ('failed', 'broken-off', 'killed') AND run_id NOT IN (SELECT run_id FROM failed_steps)
)
SELECT step, outcome, count(*) AS times, count(DISTINCT run_id) AS runs, max(moment) AS last_seen,
       left(trim(split_part(text, chr(10), 1)), 120) AS first_line
FROM failures
GROUP BY ALL
ORDER BY times DESC, last_seen DESC
LIMIT 20;

-- name: findings-over-time
-- purpose: What the last 30 audits found outside of tests, by theme, oldest first.
-- lead
WITH audits AS (
    SELECT run_id, started, coalesce(sum(found), 0)::BIGINT AS total,
           coalesce(sum(found) FILTER (WHERE theme = 'bugs'), 0)::BIGINT AS bugs,
           coalesce(sum(found) FILTER (WHERE theme = 'security'), 0)::BIGINT AS security,
           coalesce(sum(found) FILTER (WHERE theme = 'performance'), 0)::BIGINT AS performance,
           coalesce(sum(found) FILTER (WHERE theme = 'dead-code'), 0)::BIGINT AS dead_code,
           coalesce(sum(found) FILTER (WHERE theme = 'modernisation'), 0)::BIGINT AS modernisation
    FROM runs LEFT JOIN findings USING (run_id)
    WHERE kind = 'audit' AND outcome IN ('done', 'nothing')
    GROUP BY run_id, started
    ORDER BY started DESC
    LIMIT 30
)
SELECT strftime(started, '%Y-%m-%d %H:%M') AS audited, bugs, security, performance, dead_code, modernisation, total,
       total - lag(total) OVER (ORDER BY started) AS change
FROM audits
ORDER BY started;

-- name: runs-by-outcome
-- purpose: How the runs of each kind ended, and how long they took.
SELECT kind, outcome, count(*) AS runs, round(median(seconds), 2) AS median_seconds, max(started) AS last_started
FROM runs
GROUP BY kind, outcome
ORDER BY kind, runs DESC;

-- name: killed-runs
-- purpose: Runs whose process was killed: they have no result. The next run resumes their tickets.
SELECT run_id, kind, started, holder
FROM runs
WHERE outcome = 'killed'
ORDER BY started DESC;

-- name: stops
-- purpose: Tickets that wait for a person, and why.
SELECT id, state, attempts, reason
FROM tickets
WHERE state IN ('gated', 'stopped', 'petitioned')
ORDER BY state, id;

-- name: slow-tickets
-- purpose: The runs of tickets that took longest, with the share of the checks in them.
SELECT runs.ticket, runs.run_id, runs.outcome, runs.seconds,
       round(100 * coalesce(sum(events.seconds) FILTER (WHERE events.step = 'checks'), 0) / nullif(runs.seconds, 0))
           AS checks_percent
FROM runs LEFT JOIN events USING (run_id)
WHERE runs.kind = 'ticket' AND runs.seconds IS NOT NULL
GROUP BY runs.ticket, runs.run_id, runs.outcome, runs.seconds
ORDER BY runs.seconds DESC
LIMIT 20;

-- name: incidents-by-class
-- purpose: Line stops by class: how many, how many still open.
SELECT class, count(*) AS incidents, count(*) FILTER (WHERE state = 'open') AS open
FROM incidents
GROUP BY class
ORDER BY incidents DESC, class;
