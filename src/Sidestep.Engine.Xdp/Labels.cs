using System.Text;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Engine.Xdp;

/// <summary>Labels: names for ids, in a pinned map, so that a status needs no daemon.</summary>
internal static class Labels
{
    /// <param name="service">A service.</param>
    /// <param name="transition">The transition of its group.</param>
    /// <param name="id">Its id.</param>
    internal static Label Of(Forwarding.ServiceEntry service, Transition? transition, int id) => new()
    {
        Name = Text(service.Key.ToString()),
        Pool = Text(service.Group.Pool.ToString()),
        Encap = Text(service.Group.Encap.ToString()),
        Flags = Constants.LabelUsed | FlagsOf(service.Group, id),
        Time = Milliseconds(transition?.MigrationWindowEnds),
    };

    /// <summary>The part that the labels of all servers of a group have in common.</summary>
    /// <param name="group">Key of the group.</param>
    /// <param name="service">Id of its service; null: the services of the pool share it.</param>
    internal static Label Of(GroupKey group, int? service = null) => new()
    {
        Flags = FlagsOf(group, service),
        Pool = Text(group.Pool.ToString()),
        Encap = Text(group.Encap.ToString()),
    };

    /// <param name="group">Result of <see cref="Of(GroupKey, int?)"/>.</param>
    /// <param name="server">A server of the group.</param>
    internal static Label Of(in Label group, ServerEntry server) => group with
    {
        Name = Text(server.Name),
        Address = Text(server.VrfAddress.ToString()),
        Weight = (uint)server.Weight,
        Flags = group.Flags | Constants.LabelUsed | (server.Weight == 0 ? Constants.LabelDisabled : 0)
            | (server.NextHop is null ? Constants.LabelUnresolved : 0)
            | (server.HasFailed ? Constants.LabelFailed : 0),
        Time = Milliseconds(server.DrainingSince),
    };

    /// <summary>The group of a label; null when another process is writing or clearing the label.</summary>
    /// <param name="label">Label of a service or server.</param>
    /// <param name="services">The labels of all services, by id.</param>
    internal static GroupKey? GroupOf(in Label label, ReadOnlySpan<Label> services)
    {
        if (!Encap.TryParse(Read(label.Encap), out var encap))
            return null;
        var group = new GroupKey(PoolKey.Parse(Read(label.Pool)), encap.Value);
        var service = (int)(label.Flags >> Constants.LabelServiceShift) - 1;
        if (service < 0)
            return group;
        var name = service < services.Length ? Read(services[service].Name) : "";
        return name.Length == 0 ? null : group with { Service = ServiceKey.Parse(name) };
    }

    /// <summary>The server of a label; null when another process is writing or clearing the label.</summary>
    /// <param name="label">Label of a server.</param>
    /// <param name="services">The labels of all services, by id.</param>
    internal static ServerKey? ServerOf(in Label label, ReadOnlySpan<Label> services) =>
        GroupOf(label, services) is { } group && VrfAddress.TryParse(Read(label.Address), out var address)
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

    private static uint FlagsOf(GroupKey group, int? service) =>
        group.Service is null ? 0 : (uint)(service! + 1) << Constants.LabelServiceShift;

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
