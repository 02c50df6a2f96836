"""The accounts of the demonstration: made by `manage.py demo`, printed at start."""

# Name → who it is, one for each part that people play here.
DEMO_ACCOUNTS = {
    "staff": "填报员 · staff of a department",
    "reviewer": "单位审核人 · its reviewer",
    "staff2": "填报员（市州） · staff of a prefecture",
    "reviewer2": "单位审核人（市州） · its reviewer",
    "office": "主管处室 · office of the S&T Department",
    "office2": "主管处室（另一处） · another office",
    "leader": "领导 · leadership",
    "analyst": "分析人员 · analyst",
    "sysadmin": "系统管理员 · system administrator",
    "secadmin": "安全管理员 · security administrator",
    "auditor": "审计管理员 · auditor",
}
