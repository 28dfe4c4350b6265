-- Which lessons a lesson disagrees with, knowingly. Those written before name none.
ALTER TABLE lessons ADD COLUMN contradicts TEXT NOT NULL DEFAULT '[]';
