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
SELECT p.`device_id`, p.`volume_id`, p.`counter`, p.`key_ids_json`, p.`origin`
FROM `protectors` p
WHERE NOT EXISTS (
  SELECT 1 FROM `protectors` n
  WHERE n.`device_id` = p.`device_id` AND n.`volume_id` = p.`volume_id`
    AND (n.`counter`, n.`origin`) > (p.`counter`, p.`origin`)
);
--> statement-breakpoint
-- An imported key is the same key as one that a device escrows with the same ID and commitment, and has no row beside it.
-- What another device or another password makes a conflict of stays one, whichever came from where (I2).
-- Disclosed is what was given out, and what a stolen edge could open.
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
    ) OR EXISTS (
      SELECT 1 FROM `imports` i
      WHERE i.`key_id` = e.`key_id` AND i.`commitment` = e.`commitment` AND i.`disclosed` = 1
    ) OR EXISTS (SELECT 1 FROM `rotations` x WHERE x.`key_id` = e.`key_id`) AS `disclosed`,
    EXISTS (
      SELECT 1 FROM `escrows` o
      WHERE o.`key_id` = e.`key_id` AND (o.`commitment` <> e.`commitment` OR o.`device_id` <> e.`device_id`)
    ) OR EXISTS (
      SELECT 1 FROM `imports` i WHERE i.`key_id` = e.`key_id` AND i.`commitment` <> e.`commitment`
    ) AS `conflicted`,
    CASE
      -- A removable volume may get its new password at another computer. One that listed the key and lists the volume
      -- without it now says that it is gone, whatever those say that did not see the volume since.
      WHEN e.`volume_type` = 3 AND EXISTS (
        SELECT 1 FROM `protector_keys` r
        JOIN `protectors_current` p ON p.`device_id` = r.`device_id` AND p.`volume_id` = r.`volume_id`
        WHERE r.`key_id` = e.`key_id` AND r.`volume_id` = e.`volume_id`
          AND instr(p.`key_ids_json`, e.`key_id`) = 0
      ) THEN 0
      ELSE (
        SELECT CASE
          WHEN instr(p.`key_ids_json`, e.`key_id`) > 0 THEN 1
          WHEN p.`counter` > e.`counter` THEN 0
        END
        FROM `protectors_current` p WHERE p.`device_id` = e.`device_id` AND p.`volume_id` = e.`volume_id`
        ORDER BY p.`counter` DESC LIMIT 1
      )
    END AS `on_drive`,
    EXISTS (SELECT 1 FROM `device_revocations` r WHERE r.`device_id` = e.`device_id`) AS `revoked`,
    (
      SELECT i.`source` FROM `imports` i
      WHERE i.`key_id` = e.`key_id` AND i.`commitment` = e.`commitment`
      ORDER BY i.`hlc`, i.`origin`, i.`seq` LIMIT 1
    ) AS `imported_from`,
    1 AS `confirmed`
  FROM `escrows` e
  WHERE NOT EXISTS (
    SELECT 1 FROM `escrows` f
    WHERE f.`key_id` = e.`key_id` AND f.`commitment` = e.`commitment` AND f.`device_id` = e.`device_id`
      AND (f.`hlc`, f.`origin`, f.`seq`) < (e.`hlc`, e.`origin`, e.`seq`)
  )
  UNION ALL
  SELECT m.`key_id`, m.`commitment`, m.`device_id`, m.`volume_id`, m.`volume_type`, m.`site_id`, m.`computer_name`,
    m.`domain`, m.`users_json`, m.`sealed_json`, m.`package_json`, 'held', 0, m.`origin`, m.`seq`, m.`hlc`,
    EXISTS (
      SELECT 1 FROM `audit` a
      WHERE a.`key_id` = m.`key_id` AND a.`action` = 'disclosure' AND a.`status` = 'Successful'
    ) OR EXISTS (
      SELECT 1 FROM `imports` i
      WHERE i.`key_id` = m.`key_id` AND i.`commitment` = m.`commitment` AND i.`disclosed` = 1
    ) OR EXISTS (SELECT 1 FROM `rotations` x WHERE x.`key_id` = m.`key_id`),
    EXISTS (
      SELECT 1 FROM `escrows` o WHERE o.`key_id` = m.`key_id` AND o.`commitment` <> m.`commitment`
    ) OR EXISTS (
      SELECT 1 FROM `imports` i WHERE i.`key_id` = m.`key_id` AND i.`commitment` <> m.`commitment`
    ),
    (
      SELECT max(instr(p.`key_ids_json`, m.`key_id`) > 0)
      FROM `protector_keys` r
      JOIN `protectors_current` p ON p.`device_id` = r.`device_id` AND p.`volume_id` = r.`volume_id`
      WHERE r.`key_id` = m.`key_id`
    ),
    0,
    m.`source`,
    EXISTS (SELECT 1 FROM `protector_keys` r WHERE r.`key_id` = m.`key_id`)
  FROM `imports` m
  WHERE NOT EXISTS (
    SELECT 1 FROM `escrows` e WHERE e.`key_id` = m.`key_id` AND e.`commitment` = m.`commitment`
  ) AND NOT EXISTS (
    SELECT 1 FROM `imports` f
    WHERE f.`key_id` = m.`key_id` AND f.`commitment` = m.`commitment`
      AND (f.`hlc`, f.`origin`, f.`seq`) < (m.`hlc`, m.`origin`, m.`seq`)
  )
) k;
