"""Inbox, conversation and what is done there, as pages and parts of pages."""

from fastapi import APIRouter

from inbox.conversations.panel import bulk, bulk_review, calls, deeds, folds, messages, pages

panel = APIRouter()
panel.include_router(pages.router)
panel.include_router(pages.files)
panel.include_router(bulk.router)
panel.include_router(bulk_review.router)
panel.include_router(deeds.router)
panel.include_router(folds.router)
panel.include_router(deeds.undoing)
panel.include_router(messages.router)
panel.include_router(calls.router)
panel.include_router(calls.notices)
