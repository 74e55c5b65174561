// A page that uploads with Uppy 6, as docs/uploading.md says; it shows what happens, for the test to read.
import AwsS3 from '@uppy/aws-s3';
import Uppy from '@uppy/core';
import GoldenRetriever from '@uppy/golden-retriever';

const { api, token, room, cut } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
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
const partSize = ({ size }) => Math.max(16, Math.ceil(size / 10_000 / MIB)) * MIB;
// Golden Retriever keeps what it knows twice a second.
const pause = () => { uppy.pauseAll(); setTimeout(() => show('cut'), 1000); };
const uppy = new Uppy({ meta: { roomId: room } })
  .use(AwsS3, {
    companionEndpoint: `${api}/v1`,
    shouldUseMultipart: true,
    getChunkSize: partSize,
  })
  .on('file-added', (file) => {
    uppy.setFileMeta(file.id, { size: file.size });
    show('kept');
  })
  // So that the room sees how far it is; completing tells of the last part.
  .on('s3-multipart:part-uploaded', (file, { PartNumber }) => {
    const { uploadId } = uppy.getFile(file.id).s3Multipart;
    const done = `${api}/v1/uploads/${uploadId}/parts/${PartNumber}/done`;
    if (PartNumber * partSize(file) < file.size) fetch(done, { method: 'POST' });
    $('parts').append(Object.assign(document.createElement('li'), { textContent: PartNumber }));
    // Whoever looks away here has sent so many parts.
    if ($('parts').children.length === Number(cut)) pause();
  })
  .on('upload-success', (_, { uploadURL }) => show(`done ${uploadURL}`))
  .on('upload-error', (_, error) => show(`failed ${error}`))
  .on('restored', () => show('restored'))
  .use(GoldenRetriever);

$('file').onchange = ({ target: { files: [data] } }) => uppy.addFile({ name: data.name, type: data.type, data });
$('upload').onclick = () => (uppy.getState().recoveredState ? uppy.emit('restore-confirmed') : uppy.upload());
