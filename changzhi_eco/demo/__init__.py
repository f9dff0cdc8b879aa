"""Demonstration data (演示数据) and accounts: marked wherever they show, removable without a trace in any figure."""
