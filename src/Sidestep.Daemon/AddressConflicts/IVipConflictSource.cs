using System.Collections.Immutable;
using Sidestep.Api;
using Sidestep.Model;

namespace Sidestep.Daemon.AddressConflicts;

/// <summary>The conflicts that were detected, for the doctor and for status.</summary>
internal interface IVipConflictSource
{
    /// <summary>Hosts that answer for VIPs of this director now, by VIP.</summary>
    ImmutableArray<VipConflict> Conflicts { get; }

    /// <summary>Sends requests for these VIPs at once. Replies take some milliseconds.</summary>
    void CheckNow(IEnumerable<VrfAddress> vips);
}
