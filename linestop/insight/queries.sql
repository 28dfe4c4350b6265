-- The named queries of `linestop insight`. Each has a name, a purpose and, where it belongs to the overview, `lead`.
-- Tables (linestop/insight/schema.sql): runs, dispatches, events, firings, nudges, tickets, incidents, findings.

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
SELECT runs.kind, coalesce(nullif(events.step, ''), events.tool) AS step, count(*) AS times,
       round(sum(events.seconds), 2) AS seconds, round(median(events.seconds), 3) AS median_seconds,
       round(max(events.seconds), 2) AS longest_seconds
FROM events JOIN runs USING (run_id)
WHERE events.seconds IS NOT NULL
GROUP BY ALL
ORDER BY seconds DESC, step;

-- name: frequent-failures
-- purpose: What failed most often: steps by outcome and first line, and whole runs that broke outside of a step.
-- lead
-- What fails inside of a dispatch is its agent's: `failing-calls`. The step of the ticket tells how the dispatch ended.
WITH failed_steps AS (
    SELECT step, events.outcome, run_id, moment, text
    FROM events LEFT JOIN runs USING (run_id)
    WHERE events.outcome IN ('error', 'timeout', 'denied') AND runs.kind IS DISTINCT FROM 'dispatch'
), failures AS (
    FROM failed_steps
    UNION ALL
    SELECT kind || ' (run)', outcome, run_id, coalesce(ended, started), summary
    FROM runs
    WHERE outcome IN ('failed', 'broken-off', 'killed') AND run_id NOT IN (SELECT run_id FROM failed_steps)
      AND NOT (kind = 'dispatch' AND parent <> '')
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

-- name: firings-by-detector
-- purpose: What the watch saw: firings by detector and engine, how far they climbed, and what the patterns cost.
SELECT detector, coalesce(engine, '') AS engine, count(*) AS firings, count(DISTINCT run_id) AS runs,
       count(*) FILTER (WHERE rung = 'nudge') AS nudged, count(*) FILTER (WHERE rung = 'block') AS blocked,
       count(*) FILTER (WHERE rung IN ('stop', 'line-stop')) AS stopped, sum(firings.tokens) AS tokens,
       round(sum(firings.seconds), 1) AS seconds
FROM firings LEFT JOIN dispatches USING (run_id)
GROUP BY ALL
ORDER BY firings DESC, detector, engine;

-- name: nudges
-- purpose: Whether agents changed what they did after they were told: by detector and engine.
SELECT detector, coalesce(engine, '') AS engine, count(*) AS nudges, count(told_at) AS told,
       count(*) FILTER (WHERE changed) AS changed, count(*) FILTER (WHERE NOT changed) AS went_on,
       count(*) FILTER (WHERE changed IS NULL) AS unknown
FROM nudges LEFT JOIN dispatches USING (run_id)
GROUP BY ALL
ORDER BY nudges DESC, detector, engine;

-- name: cost-by-ticket
-- purpose: What each ticket cost with each engine: dispatches, tokens, dollars where a price is known, seconds.
SELECT ticket, engine, coalesce(model, '') AS model, count(*) AS dispatches, sum(tokens_in)::BIGINT AS tokens_in,
       sum(tokens_out)::BIGINT AS tokens_out, round(sum(usd), 4) AS usd,
       count(*) FILTER (WHERE tokens_in + tokens_out > 0 AND usd IS NULL) AS without_a_price,
       round(sum(seconds), 1) AS seconds
FROM dispatches
WHERE coalesce(rerun_of, '') = ''
GROUP BY ALL
ORDER BY usd DESC NULLS LAST, tokens_in DESC, ticket, engine;

-- name: failing-calls
-- purpose: What agents' own calls failed most often: by tool, outcome and first line of the answer.
SELECT coalesce(engine, '') AS engine, tool, events.outcome, count(*) AS times, count(DISTINCT run_id) AS runs,
       left(trim(split_part(text, chr(10), 1)), 120) AS first_line
FROM events JOIN dispatches USING (run_id)
WHERE events.kind = 'tool_result' AND events.outcome IN ('error', 'timeout', 'denied')
GROUP BY ALL
ORDER BY times DESC, tool, first_line
LIMIT 20;
