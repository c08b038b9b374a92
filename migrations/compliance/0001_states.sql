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
--> statement-breakpoint
-- The table `fleet` is what this node's reports find, order and count computers by: the same as the view, at hand. It is kept
-- row by row as the facts below the view change, whatever changes them.
CREATE TRIGGER `fleet_report_added` AFTER INSERT ON `status_reports` BEGIN
  INSERT INTO `fleet` (`device_id`, `last_seen`, `site_id`, `state`, `os_version`, `reasons_json`, `computer_name`, `domain`,
    `users_json`)
  SELECT `device_id`, `last_seen`, `site_id`, `state`, `os_version`, `reasons_json`, `computer_name`, `domain`, `users_json`
  FROM `computers` WHERE `device_id` = NEW.`device_id`
  ON CONFLICT (`device_id`) DO UPDATE SET `last_seen` = excluded.`last_seen`, `site_id` = excluded.`site_id`,
    `state` = excluded.`state`, `os_version` = excluded.`os_version`, `reasons_json` = excluded.`reasons_json`,
    `computer_name` = excluded.`computer_name`, `domain` = excluded.`domain`, `users_json` = excluded.`users_json`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_report_changed` AFTER UPDATE ON `status_reports` BEGIN
  INSERT INTO `fleet` (`device_id`, `last_seen`, `site_id`, `state`, `os_version`, `reasons_json`, `computer_name`, `domain`,
    `users_json`)
  SELECT `device_id`, `last_seen`, `site_id`, `state`, `os_version`, `reasons_json`, `computer_name`, `domain`, `users_json`
  FROM `computers` WHERE `device_id` = NEW.`device_id`
  ON CONFLICT (`device_id`) DO UPDATE SET `last_seen` = excluded.`last_seen`, `site_id` = excluded.`site_id`,
    `state` = excluded.`state`, `os_version` = excluded.`os_version`, `reasons_json` = excluded.`reasons_json`,
    `computer_name` = excluded.`computer_name`, `domain` = excluded.`domain`, `users_json` = excluded.`users_json`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_report_removed` AFTER DELETE ON `status_reports` BEGIN
  DELETE FROM `fleet` WHERE `device_id` = OLD.`device_id`;
  INSERT INTO `fleet` (`device_id`, `last_seen`, `site_id`, `state`, `os_version`, `reasons_json`, `computer_name`, `domain`,
    `users_json`)
  SELECT `device_id`, `last_seen`, `site_id`, `state`, `os_version`, `reasons_json`, `computer_name`, `domain`, `users_json`
  FROM `computers` WHERE `device_id` = OLD.`device_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_seen_added` AFTER INSERT ON `seen` BEGIN
  UPDATE `fleet` SET `last_seen` = NEW.`seen_at` WHERE `device_id` = NEW.`device_id` AND `last_seen` < NEW.`seen_at`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_seen_changed` AFTER UPDATE OF `seen_at` ON `seen` BEGIN
  UPDATE `fleet` SET `last_seen` = NEW.`seen_at` WHERE `device_id` = NEW.`device_id` AND `last_seen` < NEW.`seen_at`;
  UPDATE `fleet`
  SET `last_seen` = (SELECT c.`last_seen` FROM `computers` c WHERE c.`device_id` = NEW.`device_id`)
  WHERE `device_id` = NEW.`device_id` AND NEW.`seen_at` < OLD.`seen_at` AND `last_seen` = OLD.`seen_at`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_seen_removed` AFTER DELETE ON `seen` BEGIN
  UPDATE `fleet`
  SET `last_seen` = (SELECT c.`last_seen` FROM `computers` c WHERE c.`device_id` = OLD.`device_id`)
  WHERE `device_id` = OLD.`device_id`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_local_seen_added` AFTER INSERT ON `local_seen` BEGIN
  UPDATE `fleet` SET `last_seen` = NEW.`seen_at` WHERE `device_id` = NEW.`device_id` AND `last_seen` < NEW.`seen_at`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_local_seen_changed` AFTER UPDATE OF `seen_at` ON `local_seen` BEGIN
  UPDATE `fleet` SET `last_seen` = NEW.`seen_at` WHERE `device_id` = NEW.`device_id` AND `last_seen` < NEW.`seen_at`;
  UPDATE `fleet`
  SET `last_seen` = (SELECT c.`last_seen` FROM `computers` c WHERE c.`device_id` = NEW.`device_id`)
  WHERE `device_id` = NEW.`device_id` AND NEW.`seen_at` < OLD.`seen_at` AND `last_seen` = OLD.`seen_at`;
END;
--> statement-breakpoint
CREATE TRIGGER `fleet_local_seen_removed` AFTER DELETE ON `local_seen` BEGIN
  UPDATE `fleet`
  SET `last_seen` = (SELECT c.`last_seen` FROM `computers` c WHERE c.`device_id` = OLD.`device_id`)
  WHERE `device_id` = OLD.`device_id`;
END;
