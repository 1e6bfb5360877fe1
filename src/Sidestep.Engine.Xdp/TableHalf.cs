using Sidestep.Engine.Xdp.Layout;
using Sidestep.Native;
using Half = Sidestep.Engine.Xdp.Layout.Half;

namespace Sidestep.Engine.Xdp;

/// <summary>Typed views of one struct half of src/bpf/tables.h.</summary>
/// <param name="memory">The .bss section.</param>
/// <param name="offset">Where the half begins in it.</param>
internal readonly struct TableHalf(MappedMemory memory, long offset)
{
    /// <summary>The hash key.</summary>
    internal ref Settings Settings => ref memory.View<Settings>(offset + Half.Settings, 1)[0];

    /// <summary>The director's interfaces.</summary>
    internal Span<Interface> Interfaces => memory.View<Interface>(offset + Half.Interfaces, Constants.Interfaces);

    /// <summary>VIPs, by open addressing.</summary>
    internal Span<Vip> Vips => memory.View<Vip>(offset + Half.Vips, Constants.VipEntries);

    /// <summary>Services, by open addressing.</summary>
    internal Span<Service> Services => memory.View<Service>(offset + Half.Services, Constants.ServiceEntries);

    /// <summary>Servers, by id.</summary>
    internal Span<Server> Servers => memory.View<Server>(offset + Half.Servers, Constants.ServerCapacity);
}
