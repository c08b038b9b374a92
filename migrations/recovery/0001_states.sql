-- States are views over facts: merging happens when they are read, so the order in which entries came cannot matter.
CREATE VIEW `config_current` AS
SELECT c.`origin`, c.`kind`, c.`id`, c.`revision`, c.`body`
FROM `config` c
WHERE NOT EXISTS (
  SELECT 1 FROM `config` n
  WHERE n.`kind` = c.`kind` AND n.`id` = c.`id`
    AND (n.`revision`, n.`origin`) > (c.`revision`, c.`origin`)
);
--> statement-breakpoint
CREATE VIEW `protectors_current` AS
SELECT p.`device_id`, p.`volume_id`, p.`counter`, p.`key_ids_json`
FROM `protectors` p
WHERE NOT EXISTS (
  SELECT 1 FROM `protectors` n
  WHERE n.`device_id` = p.`device_id` AND n.`volume_id` = p.`volume_id`
    AND (n.`counter`, n.`origin`) > (p.`counter`, p.`origin`)
);
--> statement-breakpoint
CREATE VIEW `recovery_keys` AS
SELECT k.*,
  CASE
    WHEN k.`conflicted` = 1 THEN 'conflicted'
    WHEN k.`on_drive` = 0 THEN 'rotated'
    WHEN k.`disclosed` = 1 THEN 'disclosed'
    ELSE 'present'
  END AS `state`
FROM (
  SELECT e.`key_id`, e.`commitment`, e.`device_id`, e.`volume_id`, e.`volume_type`, e.`site_id`, e.`computer_name`,
    e.`domain`, e.`users_json`, e.`sealed_json`, e.`package_json`, e.`claim`, e.`counter`, e.`origin`, e.`seq`,
    e.`hlc` AS `first_hlc`,
    EXISTS (
      SELECT 1 FROM `audit` a
      WHERE a.`key_id` = e.`key_id` AND a.`action` = 'disclosure' AND a.`status` = 'Successful'
    ) AS `disclosed`,
    EXISTS (
      SELECT 1 FROM `escrows` o
      WHERE o.`key_id` = e.`key_id` AND (o.`commitment` <> e.`commitment` OR o.`device_id` <> e.`device_id`)
    ) AS `conflicted`,
    (
      SELECT CASE
        WHEN instr(p.`key_ids_json`, e.`key_id`) > 0 THEN 1
        WHEN p.`counter` > e.`counter` THEN 0
      END
      FROM `protectors_current` p WHERE p.`device_id` = e.`device_id` AND p.`volume_id` = e.`volume_id`
      ORDER BY p.`counter` DESC LIMIT 1
    ) AS `on_drive`,
    EXISTS (SELECT 1 FROM `device_revocations` r WHERE r.`device_id` = e.`device_id`) AS `revoked`
  FROM `escrows` e
  WHERE NOT EXISTS (
    SELECT 1 FROM `escrows` f
    WHERE f.`key_id` = e.`key_id` AND f.`commitment` = e.`commitment` AND f.`device_id` = e.`device_id`
      AND (f.`hlc` < e.`hlc` OR (f.`hlc` = e.`hlc` AND f.`origin` < e.`origin`))
  )
) k;
