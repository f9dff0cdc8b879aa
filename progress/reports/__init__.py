"""The layouts of reports (报表): 调度表, 月报 and 年报, all filled from the same cells; nothing is entered for them."""
