"""The pages: ``record`` has the parts of a record, ``frame`` what stands around them, ``changes`` what is new and what
contradicts, ``closed`` what the policy closes.
"""
