using System.Collections.Immutable;
using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Daemon;

/// <summary>Sentences for the status about addresses of this machine that are VIPs, or in VIP prefixes. Such a
/// configuration is rejected: the machine has got these addresses later.</summary>
internal static class LocalAddressText
{
    /// <summary>One sentence per address; empty: none.</summary>
    internal static ImmutableArray<string> Of(Configuration configuration, ImmutableArray<IPAddress> localAddresses)
    {
        var found = new ExcludedAddresses(
            configuration.VirtualServices.Where(static s => s.Enabled).SelectMany(static s => s.Vips), localAddresses);
        return
        [
            .. found.VipsOfDirector.Select(static a => $"the VIP {a} is now an address of this machine: the kernel "
                + "answers for it and consumes replies to probes. Remove it with `ip address del`, or choose another "
                + "VIP"),
            .. found.Excluded.Select(static a => $"{a} is now an address of this machine and in a VIP prefix: its "
                + "packets go to the kernel, not to servers. Write VIP prefixes without it, or remove it with `ip "
                + "address del`; until then, no changed configuration is accepted"),
            .. found.NotExcluded.Select(static a => $"{a} is now an address of this machine and in a VIP prefix, which "
                + "takes its packets: only so many addresses are excluded. Write VIP prefixes without it, or remove it "
                + "with `ip address del`"),
        ];
    }
}
