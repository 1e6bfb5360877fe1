using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Sidestep.Native.Netlink;

/// <summary>Addresses of the interfaces of a network namespace.</summary>
public static class InterfaceAddresses
{
    private const ushort NewAddress = 20, DeleteAddress = 21, GetAddress = 22;
    private const int AddressMessageBytes = 8;

    // IFA_F_*; IFA_F_SECONDARY of IPv4 is IFA_F_TEMPORARY of IPv6
    private const uint SecondaryFlag = 0x01, OptimisticFlag = 0x04, DuplicateFlag = 0x08, DeprecatedFlag = 0x20;
    private const uint TentativeFlag = 0x40, PermanentFlag = 0x80;
    private const ushort AddressAttribute = 1, LocalAttribute = 2, FlagsAttribute = 8;

    /// <summary>Lists every address of a family.</summary>
    public static IReadOnlyList<InterfaceAddress> List(
        NetlinkSocket socket, AddressFamily family = AddressFamily.InterNetwork)
    {
        byte[] message = [NetlinkFamily.Of(family), 0, 0, 0, 0, 0, 0, 0];
        return Parse(
            family, socket.Execute(new NetlinkRequest("list addresses", GetAddress, NetlinkRequest.Dump, message)));
    }

    /// <summary>The addresses of a family among the messages of a dump.</summary>
    internal static List<InterfaceAddress> Parse(AddressFamily family, IEnumerable<NetlinkMessage> messages)
    {
        var addresses = new List<InterfaceAddress>();
        foreach (var reply in messages)
        {
            // IFA_LOCAL is the interface's own address; IFA_ADDRESS is the peer's on a point-to-point link.
            var address = reply.Attribute(AddressMessageBytes, LocalAttribute);
            if (address.IsEmpty)
                address = reply.Attribute(AddressMessageBytes, AddressAttribute);
            if (reply.Type != NewAddress || reply.Payload[0] != NetlinkFamily.Of(family) || address.IsEmpty)
                continue;
            // The byte in the fixed part holds only the first eight flags.
            var more = reply.Attribute(AddressMessageBytes, FlagsAttribute).Span;
            var flags = more.Length == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(more) : reply.Payload[2];
            addresses.Add(new InterfaceAddress(BinaryPrimitives.ReadInt32LittleEndian(reply.Payload.AsSpan(4)),
                new IPAddress(address.Span), reply.Payload[1], (AddressScope)reply.Payload[3])
            {
                IsSecondary = (flags & SecondaryFlag) != 0,
                IsUsable = (flags & (TentativeFlag | OptimisticFlag | DuplicateFlag | DeprecatedFlag)) == 0,
                IsPermanent = (flags & PermanentFlag) != 0,
            });
        }
        return addresses;
    }

    /// <summary>Adds an address; EEXIST when the interface has it with the same prefix.</summary>
    public static void Add(NetlinkSocket socket, InterfaceAddress address) => Change(socket, address, "add",
        NewAddress, NetlinkRequest.Create | NetlinkRequest.Exclusive);

    /// <summary>Removes an address; EADDRNOTAVAIL when the interface does not have it.</summary>
    public static void Remove(NetlinkSocket socket, InterfaceAddress address) =>
        Change(socket, address, "remove", DeleteAddress, 0);

    private static void Change(
        NetlinkSocket socket, InterfaceAddress address, string verb, ushort type, ushort flags) =>
        socket.Execute(Request(address, verb, type, flags));

    internal static NetlinkRequest Request(InterfaceAddress address, string verb, ushort type, ushort flags)
    {
        // struct ifaddrmsg: family, prefix length, flags, scope, interface
        var family = NetlinkFamily.Of(address.Address.AddressFamily);
        Span<byte> message = [family, (byte)address.PrefixLength, 0, (byte)address.Scope, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32LittleEndian(message[4..], address.InterfaceIndex);
        var bytes = address.Address.GetAddressBytes();
        return new NetlinkRequest($"{verb} address {address.Address}/{address.PrefixLength}", type, flags, message)
            .With(LocalAttribute, bytes).With(AddressAttribute, bytes);
    }
}

/// <summary>An address of an interface.</summary>
/// <param name="InterfaceIndex">The kernel's index.</param>
/// <param name="Address">The interface's own address.</param>
/// <param name="PrefixLength">0 to 32 (IPv4) or 128 (IPv6).</param>
/// <param name="Scope">How far the address is valid.</param>
public sealed record InterfaceAddress(int InterfaceIndex, IPAddress Address, int PrefixLength, AddressScope Scope)
{
    /// <summary>True for an IPv4 address that follows another address of the same network (IFA_F_SECONDARY), and for an
    /// IPv6 address that is temporary and changes daily (IFA_F_TEMPORARY, RFC 8981).</summary>
    public bool IsSecondary { get; init; }

    /// <summary>True if new packets may use the address as source: it is not tentative, not a duplicate and not
    /// deprecated (RFC 4862).</summary>
    public bool IsUsable { get; init; } = true;

    /// <summary>True if the address is configured statically and so has no lifetime (IFA_F_PERMANENT).</summary>
    public bool IsPermanent { get; init; }
}

/// <summary>How far an address is valid (rtnetlink(7), RT_SCOPE_*); a larger number is a smaller scope.</summary>
public enum AddressScope
{
    /// <summary>Valid everywhere; <c>ip</c> prints it as global.</summary>
    Universe = 0,

    /// <summary>Valid within the site (RT_SCOPE_SITE).</summary>
    Site = 200,

    /// <summary>Valid on the attached link only (RT_SCOPE_LINK), as fe80::/10 is.</summary>
    Link = 253,

    /// <summary>Valid on this host: never the source of packets that leave it.</summary>
    Host = 254,

    /// <summary>Destination does not exist.</summary>
    Nowhere = 255,
}
