-- Run by the image when it makes the database, after the user: `sluice replay rebuild` makes the projection anew in a
-- database beside it (docs/back-ends.md).

-- For `mariadbd --bootstrap`, which reads no rights by itself.
FLUSH PRIVILEGES;
GRANT ALL PRIVILEGES ON `sluice\_rebuild`.* TO 'sluice'@'%';
