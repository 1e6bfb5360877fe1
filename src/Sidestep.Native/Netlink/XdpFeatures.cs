using System.Buffers.Binary;
using System.Text;

namespace Sidestep.Native.Netlink;

/// <summary>What a device says that it can do for XDP (generic netlink family <c>netdev</c>, Linux 6.3; linux/netdev.h).</summary>
[Flags]
public enum XdpFeatures
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Programs in the driver.</summary>
    Basic = 1,

    /// <summary>Programs may send frames elsewhere.</summary>
    Redirect = 2,

    /// <summary>It takes frames that programs of others send to it.</summary>
    Transmit = 4,

    /// <summary>AF_XDP without copying.</summary>
    ZeroCopy = 8,
}

/// <summary>Asks for them.</summary>
public static class XdpFeatureQuery
{
    private const int GenericNetlink = 16, HeaderBytes = 4;
    private const ushort Controller = 16, FamilyId = 1, FamilyName = 2, InterfaceAttribute = 1, FeaturesAttribute = 3;
    private const byte GetFamily = 3, GetDevice = 1;

    /// <summary>Null: the kernel is older and does not say it.</summary>
    public static XdpFeatures? Of(int interfaceIndex)
    {
        try
        {
            using var socket = NetlinkSocket.Open(protocol: GenericNetlink);
            var family = Execute(socket, Controller, GetFamily, FamilyId, static r => r.With(FamilyName, Encoding.ASCII.GetBytes("netdev\0")));
            if (family.Length < 2)
                return null;
            var features = Execute(socket, BinaryPrimitives.ReadUInt16LittleEndian(family.Span), GetDevice, FeaturesAttribute,
                r => r.With(InterfaceAttribute, (uint)interfaceIndex));
            return features.Length < 8 ? null : (XdpFeatures)BinaryPrimitives.ReadUInt64LittleEndian(features.Span);
        }
        catch (NativeException)
        {
            return null; // no such family, or none of its commands
        }
    }

    private static ReadOnlyMemory<byte> Execute(NetlinkSocket socket, ushort type, byte command, ushort attribute, Func<NetlinkRequest, NetlinkRequest> with)
    {
        // struct genlmsghdr: command, version, reserved
        var replies = socket.Execute(with(new NetlinkRequest("ask for XDP features", type, 0, [command, 1, 0, 0])));
        return replies.Count == 0 ? default : replies[0].Attribute(HeaderBytes, attribute);
    }
}
