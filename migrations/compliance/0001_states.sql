-- The latest report of each device by its own counter, over all origins held. When it was last seen is by the clocks
-- of the nodes that heard it (an HLC holds milliseconds × 1024): a device's own clock may say anything.
CREATE VIEW `computers` AS
SELECT r.`device_id`, r.`origin`, r.`counter`, r.`site_id`, r.`reported_at`,
  max(
    r.`hlc` / 1024,
    coalesce((SELECT max(s.`seen_at`) FROM `seen` s WHERE s.`device_id` = r.`device_id`), 0),
    coalesce((SELECT l.`seen_at` FROM `local_seen` l WHERE l.`device_id` = r.`device_id`), 0)
  ) AS `last_seen`,
  r.`computer_name`, r.`domain`, r.`make`, r.`model`, r.`os_version`, r.`tpm_present`, r.`users_json`,
  r.`policy_version`, r.`enforcement`, r.`error`, r.`state`, r.`reasons_json`, r.`facts_hash`
FROM `status_reports` r
WHERE NOT EXISTS (
  SELECT 1 FROM `status_reports` n
  WHERE n.`device_id` = r.`device_id`
    AND (n.`counter`, n.`origin`) > (r.`counter`, r.`origin`)
);
--> statement-breakpoint
CREATE VIEW `computer_volumes` AS
SELECT v.* FROM `volumes` v
JOIN `computers` c ON c.`device_id` = v.`device_id` AND c.`origin` = v.`origin` AND c.`counter` = v.`counter`;
