using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sidestep.Agent.Enrolment;

/// <summary>A director that has given this agent a certificate. One file has all of it, so that a renewal replaces
/// certificate and key together.</summary>
/// <param name="Url">The director's API.</param>
/// <param name="Server">The name of this server in the director's configuration.</param>
/// <param name="Certificate">This agent's certificate in PEM format.</param>
/// <param name="Key">Its private key in PEM format.</param>
/// <param name="Authorities">The only authorities that may have issued the director's certificate, in PEM
/// format.</param>
internal sealed record EnrolledDirector(Uri Url, string Server, string Certificate, string Key, string Authorities);

/// <summary>The serialiser of the files.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(EnrolledDirector))]
internal sealed partial class EnrolmentJson : JsonSerializerContext;
