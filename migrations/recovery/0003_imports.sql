CREATE TABLE `imports` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`commitment` text NOT NULL,
	`source` text NOT NULL,
	`created_at` integer,
	`disclosed` integer NOT NULL,
	`staff_id` text NOT NULL,
	`device_id` text NOT NULL,
	`site_id` text NOT NULL,
	`volume_id` text NOT NULL,
	`volume_type` integer NOT NULL,
	`computer_name` text NOT NULL,
	`domain` text NOT NULL,
	`users_json` text NOT NULL,
	`sealed_json` text NOT NULL,
	`package_json` text,
	PRIMARY KEY(`key_id`, `commitment`, `origin`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `imports_origin` ON `imports` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `protector_keys` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`device_id` text NOT NULL,
	`volume_id` text NOT NULL,
	PRIMARY KEY(`key_id`, `device_id`, `volume_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `protector_keys_origin` ON `protector_keys` (`origin`,`seq`);--> statement-breakpoint
-- An imported key is the same key as one that a device escrows with the same ID and commitment, and has no row beside it.
-- What another device or another password makes a conflict of stays one, whichever came from where (I2).
DROP VIEW `recovery_keys`;
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
    ) OR EXISTS (
      SELECT 1 FROM `imports` i
      WHERE i.`key_id` = e.`key_id` AND i.`commitment` = e.`commitment` AND i.`disclosed` = 1
    ) AS `disclosed`,
    EXISTS (
      SELECT 1 FROM `escrows` o
      WHERE o.`key_id` = e.`key_id` AND (o.`commitment` <> e.`commitment` OR o.`device_id` <> e.`device_id`)
    ) OR EXISTS (
      SELECT 1 FROM `imports` i WHERE i.`key_id` = e.`key_id` AND i.`commitment` <> e.`commitment`
    ) AS `conflicted`,
    (
      SELECT CASE
        WHEN instr(p.`key_ids_json`, e.`key_id`) > 0 THEN 1
        WHEN p.`counter` > e.`counter` THEN 0
      END
      FROM `protectors_current` p WHERE p.`device_id` = e.`device_id` AND p.`volume_id` = e.`volume_id`
      ORDER BY p.`counter` DESC LIMIT 1
    ) AS `on_drive`,
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
      AND (f.`hlc` < e.`hlc` OR (f.`hlc` = e.`hlc` AND f.`origin` < e.`origin`))
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
    ),
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
