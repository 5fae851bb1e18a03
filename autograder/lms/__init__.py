"""Between a learning management system (Canvas, Moodle, a folder of files) and the course: work in, grades and pages out."""
