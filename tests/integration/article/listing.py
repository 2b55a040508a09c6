#!/usr/bin/env python3
# -*- coding: utf-8 -*-

import time

import statsd
from celery.signals import (
    task_failure,
    task_postrun,
    task_prerun,
    task_success,
)
from django.conf import settings

statsd_conn = statsd.StatsClient(
    host=settings.GRAPHITE_HOST,
    port=8125,
)

task_time = {}


@task_prerun.connect
def task_prerun_handler(task_id, task, *args, **kwargs):
    task_time[task_id] = time.time()
    statsd_conn.incr('{}.prerun'.format(task.name))


@task_postrun.connect
def task_postrun_handler(task_id, task, *args, **kwargs):
    statsd_conn.incr('{}.postrun'.format(task.name))
    delta_seconds = time.time() - task_time[task_id]
    # 任务执行时间
    statsd_conn.timing('{}.runtime'.format(task.name), int(1000 * delta_seconds))


@task_success.connect
def task_success_handler(sender, result, **kwargs):
    # 成功任务数
    statsd_conn.incr('{}.success'.format(sender.name))


@task_failure.connect
def task_failure_handler(sender, result, **kwargs):
    # 失败任务数
    statsd_conn.incr('{}.failure'.format(sender.name))
