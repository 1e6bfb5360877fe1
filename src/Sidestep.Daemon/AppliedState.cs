using System.Collections.Immutable;
using Sidestep.Forwarding;

namespace Sidestep.Daemon;

/// <summary>What packets are forwarded by right now.</summary>
/// <param name="Configuration">What the tables were made from.</param>
/// <param name="Tables">The tables.</param>
/// <param name="NextHops">The ways to servers that they have.</param>
/// <param name="Interfaces">How interfaces are attached.</param>
internal sealed record AppliedState(EffectiveConfiguration Configuration, ForwardingTables Tables, Forwarding.NextHops NextHops, ImmutableArray<AttachedInterface> Interfaces);
