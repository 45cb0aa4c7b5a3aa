//! Topics, payloads, signatures and the MQTT client shared by server, bridge and station.
