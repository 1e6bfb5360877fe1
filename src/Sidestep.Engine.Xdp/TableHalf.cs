using System.Runtime.CompilerServices;
using Sidestep.Engine.Xdp.Layout;

namespace Sidestep.Engine.Xdp;

/// <summary>Typed views of all that exists once per half.</summary>
/// <param name="maps">The maps.</param>
/// <param name="number">0 or 1.</param>
internal readonly struct TableHalf(StateMaps maps, uint number)
{
    /// <summary>The hash key and what belongs to no one entry.</summary>
    internal ref Settings Settings => ref Half<Settings>(Layout.Half.Settings, 1)[0];

    /// <summary>The director's interfaces.</summary>
    internal Span<Interface> Interfaces => Half<Interface>(Layout.Half.Interfaces, Constants.Interfaces);

    /// <summary>Other directors.</summary>
    internal Span<Peer> Peers => Half<Peer>(Layout.Half.Peers, Constants.Peers);

    /// <summary>Settings that services share.</summary>
    internal Span<Profile> Profiles => Half<Profile>(Layout.Half.Profiles, Constants.Profiles);

    /// <summary>IPv4 VIPs, by open addressing.</summary>
    internal Span<Vip> Vips => Half<Vip>(Layout.Half.Vips, Constants.VipEntries);

    /// <summary>Single ports of IPv4 VIPs, by open addressing.</summary>
    internal Span<Layout.ServiceEntry> Services => Half<Layout.ServiceEntry>(Layout.Half.Services, Constants.ServiceEntries);

    /// <summary>IPv6 VIPs, by open addressing.</summary>
    internal Span<Vip6> Vips6 => maps.Memory("halves6").View<Vip6>(number * (long)Half6.Size + Half6.Vips, Constants.VipEntries);

    /// <summary>Single ports of IPv6 VIPs, by open addressing.</summary>
    internal Span<Service6Entry> Services6 =>
        maps.Memory("halves6").View<Service6Entry>(number * (long)Half6.Size + Half6.Services, Constants.ServiceEntries);

    /// <summary>What is rarely needed of VIPs, by number.</summary>
    internal Span<VipRecord> VipRecords =>
        maps.Memory("details").View<VipRecord>(number * (long)Details.Size + Details.Vips, Constants.VipCapacity);

    /// <summary>Intervals of ports, those of a VIP side by side.</summary>
    internal Span<Layout.Range> Ranges =>
        maps.Memory("details").View<Layout.Range>(number * (long)Details.Size + Details.Ranges, Constants.Ranges);

    /// <summary>A server, by id: the first of them are near, which is read without a look-up.</summary>
    internal ref Server Server(int id) => ref (id < Constants.NearServers ? NearServers : AllServers)[id];

    /// <summary>Forgets all servers.</summary>
    internal void ClearServers()
    {
        NearServers.Clear();
        AllServers.Clear();
    }

    private Span<Server> NearServers => Half<Server>(Layout.Half.Servers, Constants.NearServers);

    /// <summary>By id, too; the first are not used.</summary>
    private Span<Server> AllServers => maps.Memory("servers").View<Server>(
        number * (long)Constants.ServerCapacity * Unsafe.SizeOf<Server>(), Constants.ServerCapacity);

    private Span<T> Half<T>(int offset, int count) where T : unmanaged =>
        maps.Memory(StateMaps.TablesMap).View<T>(Tables.Halves + (long)number * Layout.Half.Size + offset, count);
}
