"""The rows that the stages hand to each other, one module an owner.

`face_id` joins all of them: ``<data set>/<presentation>#<frame>``, for example
``msu/attack/attack_client001_android_SD_ipad_video_scene01#0020``. A table is a parquet file of one row type: see `table`.
"""
