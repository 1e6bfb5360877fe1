using System.Net;
using System.Text;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;

namespace Sidestep.Engine.Xdp;

/// <summary>What identifies a server across changes: another address is another server, whatever its name.</summary>
/// <param name="Group">Its pool and how it is reached.</param>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its address.</param>
internal readonly record struct ServerIdentity(GroupKey Group, string Name, IPAddress Address);

/// <summary>Labels: the names behind the ids, kept in a pinned map.</summary>
internal static class Labels
{
    internal static Label Of(ServiceEntry service) => new()
    {
        Name = Text(service.Name),
        Pool = Text(service.Group.Pool),
        Address = Wire.Address(service.Vip),
        Port = service.Port,
        Protocol = (byte)service.Protocol,
        Encapsulation = Code(service.Group.Encapsulation),
        Flags = Constants.LabelUsed,
    };

    internal static Label Of(GroupKey group, ServerEntry server) => new()
    {
        Name = Text(server.Name),
        Pool = Text(group.Pool),
        Address = Wire.Address(server.Address),
        Weight = (uint)server.Weight,
        Encapsulation = Code(group.Encapsulation),
        Flags = (byte)(Constants.LabelUsed | (server.Weight == 0 ? Constants.LabelDisabled : 0)
            | (server.NextHop is null ? Constants.LabelUnresolved : 0)),
    };

    internal static GroupKey GroupOf(in Label label) => new(Read(label.Pool),
        label.Encapsulation == Layout.Encapsulation.None ? null : Model.Encapsulation.IpIp);

    internal static ServerIdentity ServerOf(in Label label) => new(GroupOf(label), Read(label.Name), Wire.Address(label.Address));

    internal static string Read(LabelText text)
    {
        ReadOnlySpan<byte> bytes = text;
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    internal static Layout.Encapsulation Code(Model.Encapsulation? encapsulation) =>
        encapsulation is null ? Layout.Encapsulation.None : Layout.Encapsulation.Ipip;

    /// <summary>Names are at most 63 ASCII characters (the model checks it), so they fit with a zero behind.</summary>
    private static LabelText Text(string name)
    {
        var text = default(LabelText);
        Encoding.UTF8.GetBytes(name, text);
        return text;
    }
}

/// <summary>IPv4 addresses as the program loads them: the four bytes in wire order, in a host word.</summary>
internal static class Wire
{
    internal static uint Address(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[4];
        return address.TryWriteBytes(bytes, out var length) && length == 4
            ? BitConverter.ToUInt32(bytes)
            : throw new EngineException($"{address} is not an IPv4 address; this engine forwards IPv4 only");
    }

    internal static IPAddress Address(uint address) => new(address);
}
