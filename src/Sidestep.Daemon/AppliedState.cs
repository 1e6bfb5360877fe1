using System.Collections.Immutable;
using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>The state in force: packets are forwarded by it.</summary>
/// <param name="Configuration">The configuration that the tables were compiled from.</param>
/// <param name="Tables">The tables.</param>
/// <param name="NextHops">The next hops that the tables were compiled from.</param>
/// <param name="Interfaces">The attached interfaces.</param>
internal sealed record AppliedState(EffectiveConfiguration Configuration, ForwardingTables Tables,
    Forwarding.NextHops NextHops, ImmutableArray<AttachedInterface> Interfaces);
