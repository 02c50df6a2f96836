# One image for web, worker and beat; docker-compose.yml says which is which.
FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data

RUN useradd --system --create-home --uid 1000 kejiting \
    && install -d -o kejiting -g kejiting /data

WORKDIR /app
# Before the code: a change of code does not install everything again.
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY . .

USER kejiting
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "kejiting.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "60", "--access-logfile", "-", "--no-control-socket"]
