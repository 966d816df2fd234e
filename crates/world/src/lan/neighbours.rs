//! The kernel's neighbour table: what it holds, and what becomes known in it.
//!
//! Reading needs no privilege. The table is never written here.

use super::{LanError, sockets};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourMessage, NeighbourState},
};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use portico_domain::host::Mac;
use std::{io, net::Ipv4Addr, os::fd::AsFd};
use tokio::io::unix::AsyncFd;

/// The multicast group of neighbour changes, RTNLGRP_NEIGH.
const GROUP: u32 = 3;
/// Room for the answers of a burst. The kernel may grant less.
const RECEIVE_BUFFER: usize = 4 << 20;

/// One entry of the table as an event or a dump tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub index: u32,
    pub ip: Ipv4Addr,
    pub mac: Option<Mac>,
    pub state: NeighbourState,
}

/// What one read gave.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub entries: Vec<Entry>,
    /// The dump that was asked for has ended.
    pub dumped: bool,
    /// Events were lost for want of buffer: only a new dump tells what they said.
    pub lost: bool,
}

/// A subscription to changes of the table.
pub(super) struct Neighbours {
    socket: AsyncFd<Socket>,
    buffer: Vec<u8>,
}

impl Neighbours {
    pub fn subscribe() -> Result<Self, LanError> {
        let open = || -> io::Result<AsyncFd<Socket>> {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            socket.set_non_blocking(true)?;
            // Best effort: a smaller buffer loses events sooner, and lost events lead to a new dump.
            _ = socket2::SockRef::from(&socket.as_fd()).set_recv_buffer_size(RECEIVE_BUFFER);
            socket.add_membership(GROUP)?;
            sockets::watch(socket)
        };
        Ok(Self { socket: open().map_err(LanError::Neighbours)?, buffer: vec![0; 1 << 16] })
    }

    /// Asks for the whole IPv4 table. Its entries arrive through [`Self::hear`].
    pub fn ask_all(&self) -> Result<(), LanError> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut body = NeighbourMessage::default();
        body.header.family = AddressFamily::Inet;
        let mut request =
            NetlinkMessage::new(header, NetlinkPayload::from(RouteNetlinkMessage::GetNeighbour(body)));
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.socket
            .get_ref()
            .send_to(&bytes, &SocketAddr::new(0, 0), 0)
            .map(drop)
            .map_err(LanError::Neighbours)
    }

    /// Waits for the kernel to say something. Cancel-safe.
    pub async fn hear(&mut self) -> Result<Heard, LanError> {
        loop {
            let mut ready = self.socket.readable().await.map_err(LanError::Neighbours)?;
            let buffer = &mut self.buffer;
            match ready.try_io(|socket| socket.get_ref().recv(&mut &mut buffer[..], libc::MSG_DONTWAIT)) {
                Ok(Ok(length)) => return Ok(parse(&self.buffer[..length.min(self.buffer.len())])),
                Ok(Err(error)) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    return Ok(Heard { lost: true, ..Heard::default() });
                }
                Ok(Err(error)) => return Err(LanError::Neighbours(error)),
                Err(_would_block) => {}
            }
        }
    }
}

/// Reads every message of one datagram. One that does not parse costs only itself.
fn parse(mut bytes: &[u8]) -> Heard {
    let mut heard = Heard::default();
    while bytes.len() >= 16 {
        let length = u32::from_ne_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        if length < 16 || length > bytes.len() {
            break;
        }
        if let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes[..length]) {
            match message.payload {
                NetlinkPayload::Done(_) => heard.dumped = true,
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewNeighbour(told)) => {
                    heard.entries.extend(entry(&told))
                }
                _ => {}
            }
        }
        bytes = &bytes[length.next_multiple_of(4).min(bytes.len())..];
    }
    heard
}

fn entry(told: &NeighbourMessage) -> Option<Entry> {
    let ip = told.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::Destination(NeighbourAddress::Inet(ip)) => Some(*ip),
        _ => None,
    })?;
    let mac = told.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(bytes) => <[u8; 6]>::try_from(&bytes[..]).ok().map(Mac),
        _ => None,
    });
    Some(Entry { index: told.header.ifindex, ip, mac: mac.filter(Mac::is_card), state: told.header.state })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RTM_NEWNEIGH for 192.168.1.5 on link 7, reachable at b8:27:eb:00:00:01, attributes in unusual order.
    fn message() -> Vec<u8> {
        let mut body = vec![2, 0, 0, 0];
        body.extend(7_u32.to_ne_bytes());
        body.extend(2_u16.to_ne_bytes());
        body.extend([0, 1]);
        for (kind, value) in
            [(4_u16, vec![1, 0, 0, 0]), (2, vec![0xb8, 0x27, 0xeb, 0, 0, 1]), (1, vec![192, 168, 1, 5])]
        {
            body.extend((4 + value.len() as u16).to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(&value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut bytes = (16 + body.len() as u32).to_ne_bytes().to_vec();
        bytes.extend(28_u16.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn every_message_of_a_datagram_is_read_whatever_the_order_of_attributes() {
        let bytes = [message(), message()].concat();
        let entry = Entry {
            index: 7,
            ip: Ipv4Addr::new(192, 168, 1, 5),
            mac: Some(Mac([0xb8, 0x27, 0xeb, 0, 0, 1])),
            state: NeighbourState::Reachable,
        };
        assert_eq!(parse(&bytes).entries, [entry, entry]);
    }

    #[test]
    fn torn_datagrams_give_what_is_whole_and_never_panic() {
        let bytes = [message(), message()].concat();
        for cut in 0..bytes.len() {
            assert_eq!(parse(&bytes[..cut]).entries.len(), cut / (bytes.len() / 2), "cut at {cut}");
        }
        for at in 0..message().len() {
            for value in [0, 1, 4, 0x7f, 0xff] {
                let mut broken = bytes.clone();
                broken[at] = value;
                parse(&broken);
            }
        }
    }
}
