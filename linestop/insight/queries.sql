-- The named queries of `linestop insight`, each with its name and purpose. `lead`: it belongs to the overview.
-- `audit`: each audit publishes its answer. `picture`: how it is drawn, see drawing.py.
-- Tables and views: linestop/insight/schema.sql.

-- name: tickets-by-outcome
-- purpose: How many tickets there are in each state, and how many attempts they took.
-- audit
-- picture: bars state | tickets
-- lead
SELECT state, count(*) AS tickets, sum(attempts) AS attempts, count(commit_id) AS delivered
FROM tickets
GROUP BY state
ORDER BY tickets DESC, state;

-- name: time-by-step
-- purpose: Where the time goes: how often each step ran, and how long it took.
-- picture: bars kind step | seconds
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
-- audit
-- picture: bars step first_line | times
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
-- picture: lines audited | bugs security performance dead_code modernisation
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
-- picture: bars kind outcome | runs
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
-- picture: bars ticket run_id | seconds
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
-- picture: bars class | incidents
SELECT class, count(*) AS incidents, count(*) FILTER (WHERE state = 'open') AS open
FROM incidents
GROUP BY class
ORDER BY incidents DESC, class;

-- name: firings-by-detector
-- purpose: What the watch saw: firings by detector and engine, how far they climbed, and what the patterns cost.
-- picture: bars detector engine | firings
SELECT detector, coalesce(engine, '') AS engine, count(*) AS firings, count(DISTINCT run_id) AS runs,
       count(*) FILTER (WHERE rung = 'nudge') AS nudged, count(*) FILTER (WHERE rung = 'block') AS blocked,
       count(*) FILTER (WHERE rung IN ('stop', 'line-stop')) AS stopped, sum(firings.tokens) AS tokens,
       round(sum(firings.seconds), 1) AS seconds
FROM firings LEFT JOIN dispatches USING (run_id)
GROUP BY ALL
ORDER BY firings DESC, detector, engine;

-- name: nudges
-- purpose: Whether agents changed what they did after they were told: by detector and engine.
-- picture: bars detector engine | nudges
SELECT detector, coalesce(engine, '') AS engine, count(*) AS nudges, count(told_at) AS told,
       count(*) FILTER (WHERE changed) AS changed, count(*) FILTER (WHERE NOT changed) AS went_on,
       count(*) FILTER (WHERE changed IS NULL) AS unknown
FROM nudges LEFT JOIN dispatches USING (run_id)
GROUP BY ALL
ORDER BY nudges DESC, detector, engine;

-- name: cost-by-ticket
-- purpose: What each ticket cost with each engine: dispatches, tokens, dollars where a price is known, seconds.
-- picture: bars ticket engine | usd
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
-- picture: bars tool first_line | times
SELECT coalesce(engine, '') AS engine, tool, events.outcome, count(*) AS times, count(DISTINCT run_id) AS runs,
       left(trim(split_part(text, chr(10), 1)), 120) AS first_line
FROM events JOIN dispatches USING (run_id)
WHERE events.kind = 'tool_result' AND events.outcome IN ('error', 'timeout', 'denied')
GROUP BY ALL
ORDER BY times DESC, tool, first_line
LIMIT 20;

-- name: hot-files
-- purpose: The files that cautions name most often: how many, in how many runs and tickets, what they cost.
-- audit
-- picture: bars file | cautions
SELECT file, count(*) AS cautions, count(*) FILTER (WHERE severity <> 'info') AS warnings,
       count(DISTINCT run_id) AS runs, count(DISTINCT ticket) AS tickets, mode(detector ORDER BY detector) AS mostly,
       round(sum(seconds), 1) AS seconds, sum(tokens)::BIGINT AS tokens, max(moment) AS last_seen
FROM cautions
WHERE file <> ''
GROUP BY file
ORDER BY cautions DESC, file
LIMIT 20;

-- name: repeat-offenders
-- purpose: What comes back: the same file, detector and engine in more than one run.
-- audit
-- picture: bars file detector engine | runs
SELECT file, detector, engine, count(DISTINCT run_id) AS runs, count(*) AS cautions,
       count(DISTINCT ticket) AS tickets, round(sum(seconds), 1) AS seconds, sum(tokens)::BIGINT AS tokens,
       min(moment) AS first_seen, max(moment) AS last_seen
FROM cautions
GROUP BY file, detector, engine
HAVING count(DISTINCT run_id) > 1
ORDER BY runs DESC, cautions DESC, file, detector, engine
LIMIT 20;

-- name: cautions-by-kind
-- purpose: What was seen: cautions by kind and by what saw them.
-- picture: bars kind detector | cautions
SELECT kind, detector, count(*) AS cautions, count(*) FILTER (WHERE severity <> 'info') AS warnings,
       count(DISTINCT run_id) AS runs, count(DISTINCT ticket) AS tickets, max(moment) AS last_seen
FROM cautions
GROUP BY kind, detector
ORDER BY cautions DESC, kind, detector;

-- name: cautions-over-time
-- purpose: How many cautions of each kind there were, week by week, oldest first.
-- picture: lines week | firings checks rejections guards timeouts stops
SELECT strftime(date_trunc('week', moment), '%Y-%m-%d') AS week, count(*) FILTER (WHERE kind = 'firing') AS firings,
       count(*) FILTER (WHERE kind = 'check') AS checks, count(*) FILTER (WHERE kind = 'rejection') AS rejections,
       count(*) FILTER (WHERE kind = 'guard') AS guards, count(*) FILTER (WHERE kind = 'timeout') AS timeouts,
       count(*) FILTER (WHERE kind = 'stop') AS stops, count(DISTINCT run_id) AS runs
FROM cautions
WHERE moment IS NOT NULL
GROUP BY week
ORDER BY week DESC
LIMIT 104;

-- name: cost-of-loops
-- purpose: What going round in circles cost, by detector and engine: time, tokens, and money where a price is known.
-- audit
-- picture: bars detector engine | seconds
-- A pattern that goes on fires again with all that it cost up to then: its largest firing counts. Two detectors may see
-- one pattern: rows must not be added up. Dollars are the dispatch's, by the patterns' share of its tokens; no dispatch
-- counts for more time or money than it took.
WITH patterns AS (
    SELECT run_id, detector, coalesce(nullif("identity", ''), file, '') AS pattern, count(*) AS firings,
           max(calls) AS calls, max(seconds) AS seconds, max(tokens) AS tokens
    FROM firings
    GROUP BY ALL
), by_run AS (
    SELECT run_id, detector, count(*) AS patterns, sum(firings) AS firings, sum(calls) AS calls, sum(seconds) AS seconds,
           sum(tokens) AS tokens
    FROM patterns
    GROUP BY ALL
)
SELECT detector, coalesce(engine, '') AS engine, sum(patterns)::BIGINT AS patterns, sum(firings)::BIGINT AS firings,
       count(*) AS runs, sum(calls)::BIGINT AS calls, round(sum(by_run.seconds), 1) AS seconds,
       sum(by_run.tokens)::BIGINT AS tokens,
       round(sum(usd * least(1, by_run.tokens / nullif(tokens_in + tokens_out, 0))), 4) AS usd,
       round(100 * sum(least(by_run.seconds, dispatches.seconds)) / nullif(sum(dispatches.seconds), 0), 1)
           AS percent_of_their_time
FROM by_run LEFT JOIN dispatches USING (run_id)
GROUP BY ALL
ORDER BY seconds DESC, tokens DESC, detector, engine;

-- name: lesson-effect
-- purpose: What changed where a lesson was told: approvals and firings of comparable dispatches with and without it.
-- audit
-- picture: bars lesson role | difference_points low high
-- Comparable: same role, engine and model; the lesson's file in play in both, or the same source of the chunk where it
-- has no file or its file is not in play; both first attempts, or both later ones, which are told corrections. An
-- attempt without a change is not approved; a petition is no attempt that failed and stays out. Only such strata count as have dispatches of both kinds; their weights are
-- n1 n2 / (n1 + n2). The interval of the difference of approvals is a stratified Newcombe interval of Wilson's limits
-- (Newcombe 1998, method 10; Yan and Su 2010); that of firings per dispatch a normal one with the larger of Poisson's
-- variance (half a firing added) and the sample's. Both 95 %; 10 dispatches of each kind are the least. It is
-- observational: nobody drew lots who was told. `linestop lab ab` does.
WITH known AS (
    SELECT item AS lesson, coalesce(any_value(title), '(removed)') AS title, coalesce(any_value(file), '') AS file
    FROM told LEFT JOIN lessons ON lessons.id = told.item
    WHERE told.kind = 'lesson'
    GROUP BY item
), arms AS (
    SELECT known.lesson, role, engine, model, told.run_id IS NOT NULL AS is_told, approved::INTEGER AS approved, fired,
           if(known.file <> '' AND list_contains(paths, known.file), 'file ' || known.file, 'source ' || source) AS matter,
           is_retry
    FROM known CROSS JOIN comparables
    LEFT JOIN told ON told.kind = 'lesson' AND told.item = known.lesson AND told.run_id = comparables.run_id
), strata AS (
    SELECT lesson, role, engine, model, matter, is_retry, count(*) FILTER (WHERE is_told) AS n1,
           count(*) FILTER (WHERE NOT is_told) AS n2, n1 * n2 / (n1 + n2) AS raw,
           avg(approved) FILTER (WHERE is_told) AS p1, avg(approved) FILTER (WHERE NOT is_told) AS p2,
           avg(fired) FILTER (WHERE is_told) AS f1, avg(fired) FILTER (WHERE NOT is_told) AS f2,
           greatest(coalesce(var_samp(fired) FILTER (WHERE is_told), 0), f1 + 0.5 / n1) / n1 AS v1,
           greatest(coalesce(var_samp(fired) FILTER (WHERE NOT is_told), 0), f2 + 0.5 / n2) / n2 AS v2
    FROM arms
    GROUP BY ALL
    HAVING count(*) FILTER (WHERE is_told) > 0 AND count(*) FILTER (WHERE NOT is_told) > 0
), weighed AS (
    SELECT *, raw / sum(raw) OVER pair AS w, 1.959964 AS z
    FROM strata
    WINDOW pair AS (PARTITION BY lesson, role)
), limits AS (
    SELECT *, coalesce(z * sqrt(sum(w * w * p1 * (1 - p1) / n1) OVER pair)
                       / nullif(sum(w * sqrt(p1 * (1 - p1) / n1)) OVER pair, 0), z) AS q1,
           coalesce(z * sqrt(sum(w * w * p2 * (1 - p2) / n2) OVER pair)
                    / nullif(sum(w * sqrt(p2 * (1 - p2) / n2)) OVER pair, 0), z) AS q2
    FROM weighed
    WINDOW pair AS (PARTITION BY lesson, role)
), wilson AS (
    SELECT *, (p1 + q1 * q1 / (2 * n1)) / (1 + q1 * q1 / n1) AS middle1,
           q1 * sqrt(p1 * (1 - p1) / n1 + q1 * q1 / (4 * n1 * n1)) / (1 + q1 * q1 / n1) AS half1,
           (p2 + q2 * q2 / (2 * n2)) / (1 + q2 * q2 / n2) AS middle2,
           q2 * sqrt(p2 * (1 - p2) / n2 + q2 * q2 / (4 * n2 * n2)) / (1 + q2 * q2 / n2) AS half2
    FROM limits
), pooled AS (
    SELECT lesson, role, sum(n1)::BIGINT AS n1, sum(n2)::BIGINT AS n2, sum(w * p1) AS p1, sum(w * p2) AS p2, any_value(z) AS z,
           sum(w * (middle1 - half1)) AS low1, sum(w * (middle1 + half1)) AS high1,
           sum(w * (middle2 - half2)) AS low2, sum(w * (middle2 + half2)) AS high2,
           sum(w * w / n1) AS share1, sum(w * w / n2) AS share2,
           sum(w * f1) AS f1, sum(w * f2) AS f2, sqrt(sum(w * w * (v1 + v2))) AS spread
    FROM wilson
    GROUP BY ALL
), answers AS (
    SELECT *, 100 * (p1 - p2) AS difference,
           100 * (p1 - p2 - z * sqrt(share1 * low1 * (1 - low1) + share2 * high2 * (1 - high2))) AS low,
           100 * (p1 - p2 + z * sqrt(share1 * high1 * (1 - high1) + share2 * low2 * (1 - low2))) AS high,
           f1 - f2 AS fewer, f1 - f2 - z * spread AS fewer_low, f1 - f2 + z * spread AS fewer_high
    FROM pooled
), everyone AS (
    SELECT known.lesson, any_value(title) AS title, runs.parameters ->> 'role' AS role, count(*) AS told
    FROM known JOIN told ON told.kind = 'lesson' AND told.item = known.lesson JOIN runs USING (run_id)
    WHERE coalesce(runs.parameters ->> 'rerun_of', '') = '' AND runs.parameters ->> 'trial' IS NULL
    GROUP BY ALL
)
SELECT lesson, title, role, told, coalesce(n1, 0) AS compared, coalesce(n2, 0) AS without_it,
       CASE WHEN coalesce(least(n1, n2), 0) < 10 THEN 'not enough data'
            ELSE coalesce(nullif(concat_ws(', ',
                CASE WHEN low > 0 THEN 'more approved' WHEN high < 0 THEN 'fewer approved' END,
                CASE WHEN fewer_high < 0 THEN 'fewer firings' WHEN fewer_low > 0 THEN 'more firings' END), ''),
                'no difference seen') END AS effect,
       round(100 * p1, 1) AS approved_percent, round(100 * p2, 1) AS without_percent, round(difference, 1) AS difference_points,
       round(low, 1) AS low, round(high, 1) AS high, round(f1, 2) AS firings, round(f2, 2) AS firings_without,
       round(fewer_low, 2) AS firings_low, round(fewer_high, 2) AS firings_high
FROM everyone LEFT JOIN answers USING (lesson, role)
ORDER BY lesson, role;

-- name: lessons
-- purpose: Every lesson with how often it was told, and when last.
-- picture: bars lesson | told
SELECT lessons.id AS lesson, tier, trust, title, file, count(told.run_id) AS told, max(started) AS last_told,
       nullif(superseded_by, '') AS superseded_by
FROM lessons LEFT JOIN told ON told.kind = 'lesson' AND told.item = lessons.id LEFT JOIN runs USING (run_id)
GROUP BY ALL
ORDER BY told DESC, lesson;

-- name: stale-lessons
-- purpose: Lessons whose file is no longer what it was when they were written: confirm, edit or supersede them.
-- audit
SELECT lessons.id AS lesson, tier, title, file, if(hash_now IS NULL, 'gone', 'changed') AS file_is, updated,
       count(told.run_id) AS told
FROM lessons LEFT JOIN told ON told.kind = 'lesson' AND told.item = lessons.id
WHERE stale AND superseded_by = ''
GROUP BY ALL
ORDER BY told DESC, updated, lesson;

-- name: interventions
-- purpose: Who stepped in, by kind: how often, in how many runs, and how often for each run of a ticket.
-- audit
-- picture: bars who kind | interventions
WITH stepped_in AS (
    SELECT 'watch' AS who, rung AS kind, run_id, moment FROM firings WHERE rung <> 'observe'
    UNION ALL
    SELECT 'guard', detector, run_id, moment FROM cautions WHERE kind = 'guard'
    UNION ALL
    SELECT 'clock', 'timeout', run_id, moment FROM cautions WHERE kind = 'timeout'
    UNION ALL
    SELECT 'memory', 'sign', run_id, moment FROM signs
    UNION ALL
    SELECT 'line', 'incident', coalesce(body ->> 'run', ''), opened FROM incidents
    UNION ALL
    SELECT 'person', 'correction', run_id, moment FROM corrections WHERE person
    UNION ALL
    SELECT 'person', 'ruling on a lesson', '', decided FROM candidates WHERE ruling IS NOT NULL
)
SELECT who, kind, count(*) AS interventions, count(DISTINCT nullif(run_id, '')) AS runs,
       round(count(*) / nullif((SELECT count(*) FROM runs WHERE runs.kind = 'ticket'), 0), 2) AS per_ticket_run,
       max(moment) AS last_seen
FROM stepped_in
GROUP BY who, kind
ORDER BY interventions DESC, who, kind;

-- name: engines-compared
-- purpose: Engines by role: dispatches, approved attempts with Wilson's 95 % interval, time, tokens, dollars, firings.
-- audit
-- picture: bars role engine model | approved_percent low high
-- Not by lot: an engine that got the hard tickets looks worse than it is.
WITH fired AS (
    SELECT run_id, count(*) AS times FROM firings GROUP BY run_id
), counted AS (
    SELECT role, coalesce(dispatches.engine, '') AS engine, coalesce(dispatches.model, '') AS model,
           count(*) AS dispatches, count(*) FILTER (WHERE verdict IN ('approve', 'reject')) AS judged,
           count(*) FILTER (WHERE verdict = 'approve') AS approved, approved / nullif(judged, 0) AS share,
           count(*) FILTER (WHERE dispatches.outcome IN ('failed', 'killed')) AS failed,
           round(median(dispatches.seconds), 1) AS median_seconds,
           round(median(tokens_in + tokens_out))::BIGINT AS median_tokens, round(sum(usd), 4) AS usd,
           round(sum(coalesce(times, 0)) / count(*), 2) AS firings_each
    FROM dispatches LEFT JOIN attempts USING (run_id) LEFT JOIN fired USING (run_id)
    WHERE coalesce(rerun_of, '') = '' AND dispatches.outcome <> 'running'
    GROUP BY ALL
)
SELECT role, engine, model, dispatches, judged, round(100 * share, 1) AS approved_percent,
       if(judged > 0, round(greatest(0, 100 * (share + 1.920729 / judged - 1.959964 * sqrt(
             share * (1 - share) / judged + 0.9603647 / judged ** 2)) / (1 + 3.841459 / judged)), 1), NULL) AS low,
       round(100 * (share + 1.920729 / judged + 1.959964 * sqrt(share * (1 - share) / judged + 0.9603647 / judged ** 2))
             / (1 + 3.841459 / judged), 1) AS high,
       failed, median_seconds, median_tokens, usd, round(usd / nullif(approved, 0), 4) AS usd_per_approved, firings_each
FROM counted
ORDER BY role, approved_percent DESC NULLS LAST, dispatches DESC, engine, model;

-- name: rejections
-- purpose: Why makers' attempts were rejected: who objected, how often, and in which words last.
-- picture: bars who | rejections
SELECT if(contains(why, ': '), split_part(why, ': ', 1), '') AS who, engine, count(*) AS rejections,
       count(DISTINCT ticket) AS tickets, max(started) AS last_seen,
       left(arg_max(split_part(if(contains(why, ': '), substr(why, strpos(why, ': ') + 2), why), chr(10), 1), started), 120)
           AS last_words
FROM attempts
WHERE verdict = 'reject'
GROUP BY ALL
ORDER BY rejections DESC, who, engine;

-- name: same-failures
-- purpose: Failures that came more than once, by their signature: in how many tickets, and whether signs solved them.
-- picture: bars source failure | times
WITH armed AS (
    SELECT signature, source, count(*) AS signs, count(*) FILTER (WHERE solved) AS solved FROM signs GROUP BY ALL
)
SELECT source, count(*) AS times, count(DISTINCT ticket) AS tickets, coalesce(any_value(signs), 0) AS signs,
       coalesce(any_value(solved), 0) AS solved, max(moment) AS last_seen,
       left(arg_max(split_part(text, chr(10), 1), moment), 120) AS failure
FROM failures LEFT JOIN armed USING (signature, source)
WHERE signature <> ''
GROUP BY signature, source
HAVING count(*) > 1
ORDER BY times DESC, tickets DESC, failure
LIMIT 20;

-- name: candidates-waiting
-- purpose: Lessons that a debrief drafted and a person is still to decide, dearest first: `linestop debrief`.
SELECT id AS candidate, subject, title, kind, detector, file, times, round(weight, 1) AS seconds, drafted
FROM candidates
WHERE ruling IS NULL AND coalesce(merged, '') = ''
ORDER BY weight DESC, drafted, candidate;
