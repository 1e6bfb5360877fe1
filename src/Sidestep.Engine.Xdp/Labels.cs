using System.Text;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Labels: names for ids, in a pinned map, so that a status needs no daemon.</summary>
internal static class Labels
{
    internal static Label Of(Forwarding.ServiceEntry service, Transition? transition) => new()
    {
        Name = Text(service.Key.ToString()),
        Pool = Text(service.Group.Pool.ToString()),
        Encap = Text(service.Group.Encap.ToString()),
        Flags = Constants.LabelUsed,
        Time = Milliseconds(transition?.MigrationWindowEnds),
    };

    internal static Label Of(GroupKey group, ServerEntry server) => Of(Of(group), server);

    /// <summary>The part that the labels of all servers of a group have in common.</summary>
    internal static Label Of(GroupKey group) => new()
    {
        Pool = Text(group.Pool.ToString()),
        Encap = Text(group.Encap.ToString()),
    };

    /// <param name="group">Result of <see cref="Of(GroupKey)"/>.</param>
    /// <param name="server">A server of the group.</param>
    internal static Label Of(in Label group, ServerEntry server) => group with
    {
        Name = Text(server.Name),
        Address = Text(server.VrfAddress.ToString()),
        Weight = (uint)server.Weight,
        Flags = Constants.LabelUsed | (server.Weight == 0 ? Constants.LabelDisabled : 0)
            | (server.NextHop is null ? Constants.LabelUnresolved : 0)
            | (server.HasFailed ? Constants.LabelFailed : 0),
        Time = Milliseconds(server.DrainingSince),
    };

    /// <summary>The group of a label; null when another process is writing or clearing the label.</summary>
    internal static GroupKey? GroupOf(in Label label) =>
        Encap.TryParse(Read(label.Encap), out var encap)
            ? new GroupKey(PoolKey.Parse(Read(label.Pool)), encap.Value) : null;

    /// <summary>The server of a label; null when another process is writing or clearing the label.</summary>
    internal static ServerKey? ServerOf(in Label label) =>
        GroupOf(label) is { } group && VrfAddress.TryParse(Read(label.Address), out var address)
            ? new ServerKey(group, Read(label.Name), address)
            : null;

    internal static DateTimeOffset? TimeOf(in Label label) =>
        label.Time == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds((long)label.Time);

    internal static string Read(LabelText text)
    {
        ReadOnlySpan<byte> bytes = text;
        var end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    private static ulong Milliseconds(DateTimeOffset? time) => (ulong)(time?.ToUnixTimeMilliseconds() ?? 0);

    /// <summary>Encodes a name. Names have at most 63 ASCII characters (the model checks it; a tenant would need
    /// longer ones), and so has every encapsulation spec, so that a terminating zero fits.</summary>
    private static LabelText Text(string name)
    {
        var text = default(LabelText);
        Encoding.UTF8.GetBytes(name, text);
        return text;
    }
}
