//! The two sockets that the standard library lacks: ARP frames on one link, and netlink under Tokio.
//!
//! The only `unsafe` of this crate lives here. No library has a safe type for a link-layer address, so one is
//! filled in by hand; and Tokio wants a promise that a socket which it watches stays open and the same.

#![allow(unsafe_code)]

use super::{LanError, Target};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::{io, mem::MaybeUninit};
use tokio::io::unix::AsyncFd;

/// The EtherType of ARP.
const ETH_P_ARP: u16 = 0x0806;

/// Sends and receives whole Ethernet frames of type ARP on one interface.
pub(super) struct ArpSocket(AsyncFd<Socket>);

impl ArpSocket {
    /// # Errors
    /// Without CAP_NET_RAW, and on a target without a link.
    pub fn open(target: &Target) -> Result<Self, LanError> {
        let index = target.link.as_ref().map_or(0, |link| link.index);
        let name = || target.link.as_ref().map_or_else(|| target.net.to_string(), |link| link.name.clone());
        let open = || -> io::Result<AsyncFd<Socket>> {
            let protocol = Protocol::from(i32::from(ETH_P_ARP.to_be()));
            let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
            socket.set_nonblocking(true)?;
            // Best effort: with less room a storm costs answers, and every address is asked several times.
            _ = socket.set_recv_buffer_size(4 << 20);
            socket.bind(&address(index)?)?;
            // SAFETY: the socket owns its descriptor, and nothing replaces or closes it while it is watched.
            Ok(unsafe { AsyncFd::register(socket)? })
        };
        Ok(Self(open().map_err(|source| LanError::RawArp { interface: name(), source })?))
    }

    /// Sends one frame, or says at once that the queue is full.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        self.0.get_ref().send(frame).map(drop)
    }

    /// Waits for a frame and returns its first bytes. Cancel-safe.
    pub async fn receive(&self, buffer: &mut [u8; 64]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            let mut raw = [MaybeUninit::uninit(); 64];
            if let Ok(received) = ready.try_io(|socket| socket.get_ref().recv(&mut raw)) {
                let length = received?.min(raw.len());
                for (to, from) in buffer.iter_mut().zip(&raw[..length]) {
                    // SAFETY: recv initialised the first `length` bytes of `raw`.
                    *to = unsafe { from.assume_init() };
                }
                return Ok(length);
            }
        }
    }
}

/// Lets Tokio watch a netlink socket.
pub(super) fn watch(socket: netlink_sys::Socket) -> io::Result<AsyncFd<netlink_sys::Socket>> {
    // SAFETY: the socket owns its descriptor, and only its drop closes it; none of its methods replaces it.
    Ok(unsafe { AsyncFd::register(socket)? })
}

/// The link-layer address that binds a packet socket to ARP on one interface.
fn address(index: u32) -> io::Result<SockAddr> {
    let init = |storage: *mut socket2::SockAddrStorage, length: *mut libc::socklen_t| {
        // SAFETY: the storage is zeroed, aligned for and larger than any socket address, sockaddr_ll included,
        // and `length` is set to the size of what was written.
        unsafe {
            let link = storage.cast::<libc::sockaddr_ll>();
            (*link).sll_family = libc::AF_PACKET as libc::sa_family_t;
            (*link).sll_protocol = ETH_P_ARP.to_be();
            (*link).sll_ifindex = index as i32;
            *length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        }
        Ok(())
    };
    // SAFETY: `init` fills the storage in as a valid address of the length that it reports.
    unsafe { SockAddr::try_init(init) }.map(|((), address)| address)
}
