// A page that uploads with Uppy 6, as docs/uploading.md says; it shows what happens, for the test to read.
import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';

const { api, token, room, cut, resume } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const $ = (id) => document.getElementById(id);
const show = (state) => { $('state').textContent = state; };

// Uppy 6 has no option for headers: the token is added to what goes to Maru, and to nothing else.
const plainly = window.fetch;
window.fetch = (address, options = {}) => {
  if (!String(address).startsWith(`${api}/v1/`)) return plainly(address, options);
  const headers = new Headers(options.headers);
  headers.set('authorization', `Bearer ${token}`);
  return plainly(address, { ...options, headers });
};

const MIB = 2 ** 20;
const uppy = new Uppy({ meta: { roomId: room } })
  .use(AwsS3, {
    companionEndpoint: `${api}/v1`,
    shouldUseMultipart: true,
    getChunkSize: ({ size }) => Math.max(16, Math.ceil(size / 10_000 / MIB)) * MIB,
  })
  .on('file-added', (file) => {
    uppy.setFileMeta(file.id, { size: file.size });
    // Taken up where another page, or another device, left it.
    if (resume) uppy.setFileState(file.id, { s3Multipart: { uploadId: resume, key: resume } });
    show('kept');
  })
  // So that the room sees how far it is.
  .on('s3-multipart:part-uploaded', (file, { PartNumber }) => {
    const { uploadId } = uppy.getFile(file.id).s3Multipart;
    fetch(`${api}/v1/uploads/${uploadId}/parts/${PartNumber}/done`, { method: 'POST' });
    $('parts').append(Object.assign(document.createElement('li'), { textContent: PartNumber }));
    // Whoever looks away here has sent so many parts.
    if ($('parts').children.length === Number(cut)) { uppy.pauseAll(); show('cut'); }
  })
  .on('upload-success', (_, { uploadURL }) => show(`done ${uploadURL}`))
  .on('upload-error', (_, error) => show(`failed ${error}`));

$('file').onchange = ({ target: { files: [data] } }) => uppy.addFile({ name: data.name, type: data.type, data });
$('upload').onclick = () => uppy.upload();
