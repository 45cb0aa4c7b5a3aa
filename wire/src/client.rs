//! The MQTT client.
