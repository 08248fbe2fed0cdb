"""What residents decide about their data, and what people are told: the pages.

A *decision* is a FHIR Consent: one kind of data, closed or permitted, to readers, for a time. The record keeps to it
(``record.policy.consents``); here it is given, withdrawn and put into force again, by the resident or by a clerk who
says who witnessed it. ``rules`` makes Consents of what a form says and words of Consents. A *notice*
(``record.notices``) says to an account what it should know; its inbox is here too.

Start reading at ``rules``, then ``actions``.
"""
