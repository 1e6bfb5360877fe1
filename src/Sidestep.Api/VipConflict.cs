using System.Net;
using System.Text.Json.Serialization;

namespace Sidestep.Api;

/// <summary>Another host answers for a VIP of this director (RFC 5227).</summary>
/// <param name="Vip">The VIP.</param>
/// <param name="Mac">MAC address in the reply.</param>
/// <param name="Device">The director's device that received the reply.</param>
/// <param name="Host">Name of the real server, or address of another director; null: an unknown host.</param>
/// <param name="Kind"><c>server</c>, <c>director</c> or <c>unknown-host</c>.</param>
/// <param name="First">When the first reply arrived, by the director's clock.</param>
/// <param name="Last">When the last reply arrived.</param>
/// <param name="Times">Number of replies.</param>
public sealed record VipConflict(IPAddress Vip, string Mac, string Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Host, string Kind,
    DateTimeOffset First, DateTimeOffset Last, long Times);
