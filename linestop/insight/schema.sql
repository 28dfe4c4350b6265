-- The tables of the analysis, filled for each question with what it reads (needs.py). Times are UTC.

-- One row a run record. `outcome` is that of result.json; without one it is `running` or `killed`.
CREATE TABLE runs (
    run_id VARCHAR, kind VARCHAR, outcome VARCHAR, started TIMESTAMP, ended TIMESTAMP, seconds DOUBLE,
    summary VARCHAR, ticket VARCHAR, parent VARCHAR, flow_run VARCHAR, holder VARCHAR,
    parameters JSON, "values" JSON
);

-- One row an event of any run. Tokens and dollars are those of a `usage`; `total`: of the session so far.
CREATE TABLE events (
    run_id VARCHAR, moment TIMESTAMP, kind VARCHAR, step VARCHAR, tool VARCHAR, outcome VARCHAR, seconds DOUBLE,
    text VARCHAR, args JSON, action VARCHAR, path VARCHAR, "identity" VARCHAR, result_hash VARCHAR, session VARCHAR,
    model VARCHAR, fault VARCHAR, tokens_in BIGINT, tokens_out BIGINT, tokens_cached BIGINT, usd DOUBLE, total BOOLEAN
);

-- One row a firing of a detector. `rung` is what was done about it: observe, nudge, block, stop, line-stop.
CREATE TABLE firings (
    run_id VARCHAR, moment TIMESTAMP, detector VARCHAR, severity VARCHAR, rung VARCHAR, detail VARCHAR, file VARCHAR,
    "identity" VARCHAR, calls BIGINT, seconds DOUBLE, tokens BIGINT
);

-- One row a nudge, and what came of it. `changed` is null where nobody can say.
CREATE TABLE nudges (
    run_id VARCHAR, detector VARCHAR, fired_at TIMESTAMP, told_at TIMESTAMP, calls BIGINT, fired_again BIGINT,
    called_again BIGINT, changed BOOLEAN
);

-- One row a ticket of the tracker. `body` is all of it.
CREATE TABLE tickets (
    id VARCHAR, batch VARCHAR, state VARCHAR, title VARCHAR, reason VARCHAR, attempts INTEGER, created TIMESTAMP,
    updated TIMESTAMP, commit_id VARCHAR, body JSON
);

-- One row an incident. `body` is all of it.
CREATE TABLE incidents (
    id VARCHAR, state VARCHAR, class VARCHAR, scope VARCHAR, ticket VARCHAR, opened TIMESTAMP, body JSON
);

-- One row an audit and theme.
CREATE TABLE findings (run_id VARCHAR, theme VARCHAR, found BIGINT);

-- One row a caution: what detectors, guards, checks, judges and clocks saw. `seconds` and `tokens`: what it cost.
CREATE TABLE cautions (
    id VARCHAR, moment TIMESTAMP, kind VARCHAR, detector VARCHAR, severity VARCHAR, detail VARCHAR, run_id VARCHAR,
    ticket VARCHAR, chunk VARCHAR, attempt INTEGER, role VARCHAR, engine VARCHAR, model VARCHAR, file VARCHAR,
    file_hash VARCHAR, signature VARCHAR, calls BIGINT, seconds DOUBLE, tokens BIGINT
);

-- One row a lesson of either tier, superseded and proposed ones too. `hash_now`: the file in the main checkout, null
-- where it is gone; `stale`: it is another than when the lesson was written, null where there is nothing to compare.
CREATE TABLE lessons (
    id VARCHAR, tier VARCHAR, title VARCHAR, body VARCHAR, why VARCHAR, file VARCHAR, file_hash VARCHAR,
    hash_now VARCHAR, stale BOOLEAN, roles VARCHAR[], source VARCHAR, trust VARCHAR, runs VARCHAR[],
    contradicts VARCHAR[], superseded_by VARCHAR, created TIMESTAMP, updated TIMESTAMP
);

-- What tickets learned, one row each: attempts that failed, signs that came of them, what makers and judges said.
CREATE TABLE failures (
    ticket VARCHAR, chunk VARCHAR, attempt INTEGER, source VARCHAR, text VARCHAR, file VARCHAR, signature VARCHAR,
    run_id VARCHAR, moment TIMESTAMP
);
CREATE TABLE signs (
    id VARCHAR, ticket VARCHAR, chunk VARCHAR, branch VARCHAR, source VARCHAR, signature VARCHAR, failure VARCHAR,
    times INTEGER, solved BOOLEAN, run_id VARCHAR, moment TIMESTAMP
);
CREATE TABLE corrections (
    ticket VARCHAR, chunk VARCHAR, said_by VARCHAR, person BOOLEAN, text VARCHAR, run_id VARCHAR, moment TIMESTAMP
);
CREATE TABLE reflections (
    ticket VARCHAR, chunk VARCHAR, attempt INTEGER, text VARCHAR, run_id VARCHAR, moment TIMESTAMP
);

-- One row a candidate for a lesson. `ruling` is null while a person is still to decide it.
CREATE TABLE candidates (
    id VARCHAR, subject VARCHAR, title VARCHAR, kind VARCHAR, detector VARCHAR, file VARCHAR, times INTEGER,
    weight DOUBLE, drafted TIMESTAMP, ruling VARCHAR, decided TIMESTAMP, decided_by VARCHAR, lesson VARCHAR, merged VARCHAR
);

-- One row a dispatch and thing that it was told. `kind`: lesson, caution, sign, skill; `item` is its id or name.
CREATE TABLE told (run_id VARCHAR, kind VARCHAR, item VARCHAR);

-- One row a dispatch, with what it used: the sum of its model calls, or what the agent said of its session if more.
-- `rerun_of`: the dispatch, or the entry of the lab, that it repeats.
CREATE VIEW dispatches AS
WITH used AS (
    SELECT run_id,
           coalesce(sum(tokens_in) FILTER (WHERE NOT total), 0) AS calls_in,
           coalesce(sum(tokens_out) FILTER (WHERE NOT total), 0) AS calls_out,
           sum(usd) FILTER (WHERE NOT total) AS calls_usd,
           coalesce(arg_max(tokens_in, tokens_in + tokens_out) FILTER (WHERE total), 0) AS said_in,
           coalesce(arg_max(tokens_out, tokens_in + tokens_out) FILTER (WHERE total), 0) AS said_out,
           arg_max(usd, tokens_in + tokens_out) FILTER (WHERE total) AS said_usd
    FROM events
    WHERE kind = 'usage' AND tokens_in IS NOT NULL
    GROUP BY run_id
)
SELECT runs.run_id, runs.ticket, runs.parameters ->> 'role' AS role, runs.parameters ->> 'engine' AS engine,
       runs.parameters ->> 'model' AS model, runs.parameters ->> 'chunk' AS chunk,
       TRY_CAST(runs.parameters ->> 'attempt' AS INTEGER) AS attempt,
       coalesce(nullif(runs.parameters ->> 'rerun_of', ''), runs.parameters -> 'trial' ->> 'entry') AS rerun_of,
       runs.outcome, runs.started, runs.seconds,
       coalesce(CASE WHEN said_in + said_out > calls_in + calls_out THEN said_in ELSE calls_in END, 0) AS tokens_in,
       coalesce(CASE WHEN said_in + said_out > calls_in + calls_out THEN said_out ELSE calls_out END, 0) AS tokens_out,
       CASE WHEN said_in + said_out > calls_in + calls_out THEN said_usd ELSE calls_usd END AS usd
FROM runs LEFT JOIN used USING (run_id)
WHERE runs.kind = 'dispatch';

-- One row an attempt of a maker. `verdict`: approve, reject, petition, nothing; null where it was never judged. `why`
-- is the first thing that objected. A rerun or a trial of the lab is no attempt.
CREATE VIEW attempts AS
WITH made AS (
    SELECT run_id, parent, ticket, parameters ->> 'chunk' AS chunk, TRY_CAST(parameters ->> 'attempt' AS INTEGER) AS attempt,
           coalesce(parameters ->> 'engine', '') AS engine, coalesce(parameters ->> 'model', '') AS model,
           outcome, summary, started, seconds, "values" ->> 'commit' AS commit_id, "values" ->> 'petition' AS petition
    FROM runs
    WHERE kind = 'dispatch' AND parameters ->> 'role' = 'maker' AND coalesce(parameters ->> 'rerun_of', '') = ''
      AND parameters ->> 'trial' IS NULL
), followed AS (
    SELECT *, lead(run_id) OVER (PARTITION BY parent, chunk ORDER BY attempt, started) IS NOT NULL AS went_on FROM made
), noted AS (
    SELECT tickets.id AS ticket, note.key AS chunk, note.value ->> '$' AS word
    FROM tickets, json_each(tickets.body, '$.progress') AS note
), objected AS (
    SELECT run_id, ticket, chunk, attempt, arg_min(source || ': ' || text, moment) AS objection
    FROM failures
    GROUP BY ALL
), judged AS (
    SELECT followed.*, coalesce(direct.objection, by_parent.objection) AS objection, noted.word
    FROM followed
    LEFT JOIN objected AS direct ON direct.run_id = followed.run_id
    LEFT JOIN objected AS by_parent
        ON by_parent.run_id = followed.parent AND by_parent.ticket = followed.ticket AND by_parent.chunk = followed.chunk
        AND by_parent.attempt = followed.attempt
    LEFT JOIN noted ON noted.ticket = followed.ticket AND noted.chunk = followed.chunk
    QUALIFY row_number() OVER (PARTITION BY followed.run_id ORDER BY direct.objection, by_parent.objection, noted.word) = 1
)
SELECT run_id, parent, ticket, chunk, attempt, engine, model, outcome, commit_id, started, seconds,
       CASE WHEN objection IS NOT NULL THEN 'reject'
            WHEN commit_id = word THEN 'approve'
            WHEN outcome = 'failed' OR (outcome = 'candidate' AND (went_on OR starts_with(word, 'refused: '))) THEN 'reject'
            WHEN outcome = 'nothing' THEN if(coalesce(petition, '') <> '', 'petition', 'nothing') END AS verdict,
       CASE WHEN objection IS NOT NULL THEN objection
            WHEN outcome = 'nothing' AND coalesce(petition, '') <> '' THEN petition
            WHEN commit_id = word THEN ''
            WHEN outcome = 'candidate' AND starts_with(word, 'refused: ') THEN word
            WHEN outcome IN ('failed', 'nothing') THEN summary ELSE '' END AS why
FROM judged;

-- One row a dispatch that ended, with what makes dispatches comparable: role, engine, model, source and files in play,
-- and whether it is a first attempt.
CREATE VIEW comparables AS
SELECT runs.run_id, runs.parameters ->> 'role' AS role, coalesce(runs.parameters ->> 'engine', '') AS engine,
       coalesce(runs.parameters ->> 'model', '') AS model,
       coalesce(runs.parameters -> 'order' -> 'chunk' ->> 'source', '') AS source,
       coalesce(TRY_CAST(runs.parameters -> 'order' -> 'chunk' -> 'paths' AS VARCHAR[]), []) AS paths,
       attempts.verdict = 'approve' AS approved, coalesce(fired.times, 0) AS fired, runs.started,
       coalesce(TRY_CAST(runs.parameters ->> 'attempt' AS INTEGER), 1) > 1 AS is_retry
FROM runs LEFT JOIN attempts USING (run_id)
LEFT JOIN (SELECT run_id, count(*) AS times FROM firings GROUP BY run_id) AS fired USING (run_id)
WHERE runs.kind = 'dispatch' AND coalesce(runs.parameters ->> 'rerun_of', '') = '' AND runs.parameters ->> 'trial' IS NULL
  AND (runs.parameters ->> 'role' <> 'maker' OR attempts.verdict IN ('approve', 'reject', 'nothing'))
  AND runs.outcome NOT IN ('running', 'killed', 'broken-off');
