using System.Globalization;
using System.Net.Http.Json;
using Sidestep.Api.Access;

namespace Sidestep.Api;

/// <content>Requests about users, tokens and logins.</content>
public sealed partial class DirectorClient
{
    /// <summary>Fetches who this client is for the director.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<SessionRecord> GetSessionAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Session, ApiJson.Default.SessionRecord, cancellation);

    /// <summary>Exchanges a password for a token.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<IssuedToken> LogInAsync(LoginRequest login, CancellationToken cancellation) => RequireAsync(
        PostAsync(ApiPaths.Login, login, ApiJson.Default.LoginRequest, ApiJson.Default.IssuedToken, RequestTimeout,
            cancellation));

    /// <summary>Revokes the token of this client.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task LogOutAsync(CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, ApiPaths.Logout, cancellation);

    /// <summary>Fetches the users.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<UserList> ListUsersAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Users, ApiJson.Default.UserList, cancellation);

    /// <summary>Creates or replaces a user.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public async Task<UserRecord> PutUserAsync(string name, UserRequest user, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, PathOf(ApiPaths.Users, name));
        request.Content = JsonContent.Create(user, ApiJson.Default.UserRequest);
        return await RequireAsync(SendAsync(request, ApiJson.Default.UserRecord, RequestTimeout, cancellation))
            .ConfigureAwait(false);
    }

    /// <summary>Deletes a user.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task DeleteUserAsync(string name, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Delete, PathOf(ApiPaths.Users, name), cancellation);

    /// <summary>Fetches the tokens, without their secrets.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<TokenList> ListTokensAsync(CancellationToken cancellation) =>
        GetAsync(ApiPaths.Tokens, ApiJson.Default.TokenList, cancellation);

    /// <summary>Creates a token.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<IssuedToken> CreateTokenAsync(TokenRequest token, CancellationToken cancellation) => RequireAsync(
        PostAsync(ApiPaths.Tokens, token, ApiJson.Default.TokenRequest, ApiJson.Default.IssuedToken, RequestTimeout,
            cancellation));

    /// <summary>Revokes a token.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task RevokeTokenAsync(string name, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Delete, PathOf(ApiPaths.Tokens, name), cancellation);

    /// <summary>Invites the agent of a real server.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public async Task<Invitation> InviteAgentAsync(string server, int minutes, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, string.Create(CultureInfo.InvariantCulture,
            $"{PathOf(ApiPaths.Agents, server)}/invitation?minutes={minutes}"));
        return await RequireAsync(SendAsync(request, ApiJson.Default.Invitation, RequestTimeout, cancellation))
            .ConfigureAwait(false);
    }

    /// <summary>Revokes the certificates of an agent.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task RevokeAgentAsync(string server, CancellationToken cancellation) => SendAsync(HttpMethod.Delete,
        PathOf(ApiPaths.Agents, server) + "/certificates", cancellation);

    /// <summary>Requests the first certificate of an agent.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<IssuedCertificate> EnrolAsync(EnrolmentRequest enrolment, CancellationToken cancellation) =>
        RequireAsync(PostAsync(ApiPaths.Enrolments, enrolment, ApiJson.Default.EnrolmentRequest,
            ApiJson.Default.IssuedCertificate, RequestTimeout, cancellation));

    /// <summary>Requests the next certificate of an agent.</summary>
    /// <exception cref="DirectorException">There is no response, or the director rejected the request.</exception>
    public Task<IssuedCertificate> RenewAsync(string server, CertificateOrder order, CancellationToken cancellation) =>
        RequireAsync(PostAsync(ApiPaths.Certificates + Uri.EscapeDataString(server), order,
            ApiJson.Default.CertificateOrder, ApiJson.Default.IssuedCertificate, RequestTimeout, cancellation));

    private static string PathOf(string list, string name) => $"{list}/{Uri.EscapeDataString(name)}";

    /// <summary>Sends a request without a body, whose response has none either.</summary>
    private async Task SendAsync(HttpMethod method, string path, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path);
        await TryAsync(RequestTimeout, async limit =>
        {
            using var response = await _http.SendAsync(request, limit).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? true
                : throw await ReadErrorAsync(response, limit).ConfigureAwait(false);
        }, cancellation).ConfigureAwait(false);
    }
}
